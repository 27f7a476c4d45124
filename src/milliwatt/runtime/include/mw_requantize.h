/* SPDX-License-Identifier: Apache-2.0 */
/* Rescaling of int32 accumulators: value * mantissa / 2^31 * 2^exponent.
 * Sources: TFLite kernels/internal/common.h; gemmlowp fixedpoint/fixedpoint.h (Jacob et al., CVPR 2018, 2.2). */
#ifndef MW_REQUANTIZE_H
#define MW_REQUANTIZE_H

#include "mw_base.h"

#define MW_ROUND_SINGLE 1
#define MW_ROUND_DOUBLE 2

MW_INLINE int32_t mw_clamp(int32_t value, int32_t low, int32_t high)
{
    value = value < low ? low : value;
    return value > high ? high : value;
}

/* Shifts left and wraps modulo 2^32, as two's complement hardware does. */
MW_INLINE int32_t mw_shift_left(int32_t value, int32_t bits)
{
    return (int32_t)((uint32_t)value << (uint32_t)bits);
}

/* round(left * right / 2^31), ties away from zero. right is never INT32_MIN, so it cannot overflow. */
MW_INLINE int32_t mw_doubling_high_multiply(int32_t left, int32_t right)
{
    const int64_t product = (int64_t)left * (int64_t)right;
    /* Ties of negative products go away from zero: C truncates where an arithmetic shift floors, and
     * floor(p + 2^30) differs from truncate(p + 1 - 2^30) by the sign's bit only. */
    const int64_t nudge = product >= 0 ? (int64_t)1 << 30 : 1 - ((int64_t)1 << 30);
    return (int32_t)((product + nudge) / ((int64_t)1 << 31));
}

/* value / 2^exponent, ties away from zero. 0 <= exponent <= 31. */
MW_INLINE int32_t mw_rounding_shift_right(int32_t value, int32_t exponent)
{
    const int32_t mask = (int32_t)(((uint32_t)1 << (uint32_t)exponent) - 1u);
    const int32_t remainder = value & mask;
    const int32_t threshold = (mask >> 1) + (value < 0 ? 1 : 0);
    return (value >> exponent) + (remainder > threshold ? 1 : 0);
}

/* MultiplyByQuantizedMultiplier. mantissa is 0 or in [2^30, 2^31); -31 <= exponent <= 30. */
MW_INLINE int32_t mw_requantize(int32_t value, int32_t mantissa, int32_t exponent, int32_t rounding)
{
    if (rounding == MW_ROUND_SINGLE) {
        const int32_t shift = 31 - exponent;
        const int64_t product = (int64_t)value * (int64_t)mantissa;
        return (int32_t)((product + ((int64_t)1 << (shift - 1))) >> shift);
    }
    {
        const int32_t left = exponent > 0 ? exponent : 0;
        const int32_t right = exponent > 0 ? 0 : -exponent;
        return mw_rounding_shift_right(mw_doubling_high_multiply(mw_shift_left(value, left), mantissa), right);
    }
}

#endif
