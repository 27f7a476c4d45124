/* SPDX-License-Identifier: Apache-2.0 */
/* Rescaling of values below 2^30 by less than 1, where the sums of the general form cannot overflow: a few
 * instructions on cores with a high-word multiply. */
#ifndef MW_REQUANTIZE_SMALL_H
#define MW_REQUANTIZE_SMALL_H

#include "mw_requantize.h"

/* The same number, kept in a register: compilers otherwise see a 64-bit constant, which they hoist out of the loop, and
 * then no longer recognise a high-word multiply. */
MW_INLINE int32_t mw_in_register(int32_t value)
{
#if defined(__arm__) && (defined(__GNUC__) || defined(__clang__))
    __asm__("" : "+r"(value));
#endif
    return value;
}

/* round(value * mantissa / 2^31), |value| < 2^30, as the rounded upper word of twice the product. */
MW_INLINE int32_t mw_high_multiply_small(int32_t value, int32_t mantissa)
{
    return (int32_t)(((int64_t)mw_shift_left(value, 1) * mantissa + ((int64_t)1 << 31)) >> 32);
}

/* As mw_requantize; |value| < 2^30, and a positive exponent takes the general way. */
MW_INLINE int32_t mw_requantize_small(int32_t value, int32_t mantissa, int32_t exponent, int32_t rounding)
{
    const int32_t right = -exponent;
    int32_t high;
    if (exponent > 0 || rounding == MW_ROUND_SINGLE) {
        return mw_requantize(value, mantissa, exponent, rounding);
    }
    high = mw_high_multiply_small(value, mantissa);
    /* Ties go away from zero: a negative value has one less to round up with. */
    return right == 0 ? high : (high + ((int32_t)1 << (right - 1)) + (high >> 31)) >> right;
}

/* mw_requantize_small, then the output's zero point, of 8 bits, and its limits. Where it fits, the zero point is added
 * before the shift, so that shift and limits become one instruction: 2^30 + 2^29 + 2^21 at most. */
MW_INLINE int32_t mw_finish_small(int32_t value, int32_t mantissa, int32_t exponent, int32_t rounding, int32_t offset,
                                  int32_t low, int32_t high)
{
    if (rounding == MW_ROUND_DOUBLE && exponent < 0 && exponent >= -22) {
        const int32_t constant = offset * ((int32_t)1 << -exponent) + ((int32_t)1 << (-exponent - 1));
        const int32_t product = mw_high_multiply_small(value, mantissa);
        return mw_clamp((product + (product >> 31) + constant) >> -exponent, low, high);
    }
    return mw_clamp_offset(mw_requantize_small(value, mantissa, exponent, rounding), offset, low, high);
}

#endif
