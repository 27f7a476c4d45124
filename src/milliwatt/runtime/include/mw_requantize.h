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

/* value + offset limited to low..high; value may be anything. */
MW_INLINE int32_t mw_clamp_offset(int32_t value, int32_t offset, int32_t low, int32_t high)
{
    return mw_clamp(value, low - offset, high - offset) + offset;
}

/* Shifts left and wraps modulo 2^32, as two's complement hardware does. */
MW_INLINE int32_t mw_shift_left(int32_t value, int32_t bits)
{
    return (int32_t)((uint32_t)value << (uint32_t)bits);
}

/* Sums modulo 2^32: accumulators may wrap, as they do in two's complement hardware. */
MW_INLINE int32_t mw_add_wrapping(int32_t left, int32_t right)
{
    return (int32_t)((uint32_t)left + (uint32_t)right);
}

MW_INLINE int32_t mw_subtract_wrapping(int32_t left, int32_t right)
{
    return (int32_t)((uint32_t)left - (uint32_t)right);
}

/* sum + left * right; the factors have at most 16 bits. */
MW_INLINE int32_t mw_mac(int32_t sum, int32_t left, int32_t right)
{
    return mw_add_wrapping(sum, left * right);
}

/* gemmlowp's SaturatingRoundingDoublingHighMul. It adds 2^30 or 1 - 2^30 by the product's sign and divides by 2^31
 * towards zero; for a negative p, ceil((p + 1 - 2^30) / 2^31) = floor((p + 2^30) / 2^31), so one floor serves both.
 * right is never INT32_MIN, so nothing saturates. */
MW_INLINE int32_t mw_doubling_high_multiply(int32_t left, int32_t right)
{
    return (int32_t)(((int64_t)left * (int64_t)right + ((int64_t)1 << 30)) >> 31);
}

/* gemmlowp's RoundingDivideByPOT: value / 2^exponent, ties away from zero. 0 <= exponent <= 31. */
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
        const int64_t result = (product + ((int64_t)1 << (shift - 1))) >> shift;
        if (exponent > 0 && result != (int32_t)result) {
            return result < 0 ? INT32_MIN : INT32_MAX;
        }
        return (int32_t)result;
    }
    {
        const int32_t left = exponent > 0 ? exponent : 0;
        const int32_t right = exponent > 0 ? 0 : -exponent;
        return mw_rounding_shift_right(mw_doubling_high_multiply(mw_shift_left(value, left), mantissa), right);
    }
}

#endif
