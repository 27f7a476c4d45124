/* SPDX-License-Identifier: Apache-2.0 */
/* Reciprocals of positive integers by three Newton-Raphson steps in fixed point.
 * Source: gemmlowp fixedpoint/fixedpoint.h, one_over_one_plus_x_for_x_in_0_1; TFLite's GetReciprocal. */
#ifndef MW_RECIPROCAL_H
#define MW_RECIPROCAL_H

#include "mw_requantize.h"

/* Bits of a non-negative value; 0 has none. */
MW_INLINE int32_t mw_bit_length(int32_t value)
{
    int32_t bits = 0;
    while (value != 0) {
        value >>= 1;
        bits++;
    }
    return bits;
}

/* value * 2^bits, limited to what int32 holds. */
MW_INLINE int32_t mw_saturating_shift_left(int32_t value, int32_t bits)
{
    const int32_t limit = INT32_MAX >> bits;
    return value > limit ? INT32_MAX : value < -limit - 1 ? INT32_MIN : value * ((int32_t)1 << bits);
}

/* fraction with 1 / value = fraction / 2^31 / 2^(length - 1); length is the bit length of value > 0. */
MW_INLINE int32_t mw_reciprocal(int32_t value, int32_t length)
{
    const uint32_t above_one = ((uint32_t)value << (uint32_t)(32 - length)) - 0x80000000u;
    /* (above_one + 1) / 2 as a fraction of 2^31, rounded up */
    const int32_t half = (int32_t)((above_one + 0x80000000u) >> 1);
    int32_t estimate = mw_doubling_high_multiply(half, -1010580540) + 1515870810; /* 48/17 - 32/17 * half */
    int32_t step;
    for (step = 0; step < 3; step++) {
        const int32_t error = ((int32_t)1 << 29) - mw_doubling_high_multiply(half, estimate);
        estimate += mw_saturating_shift_left(mw_doubling_high_multiply(estimate, error), 2);
    }
    return mw_saturating_shift_left(estimate, 1);
}

#endif
