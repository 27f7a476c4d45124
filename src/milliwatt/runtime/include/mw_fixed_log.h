/* SPDX-License-Identifier: Apache-2.0 */
/* The natural logarithm in fixed point: TFLite's log_x_for_x_greater_than_or_equal_to_1 from 12 to 5 integer bits
 * (kernels/internal/common.h). A rational approximation around 2^(-1/4), on a mantissa of 2^(-1/2)..1. */
#ifndef MW_FIXED_LOG_H
#define MW_FIXED_LOG_H

#include "mw_float_bits.h"
#include "mw_reciprocal.h"

/* log(value), 26 fractional bits, of value >= 1 with 19 fractional bits. */
MW_INLINE int32_t mw_fixed_log(int32_t value)
{
    const int32_t root = 1518500250;        /* 2^(-1/2), 31 fractional bits as all that follow */
    const int32_t fourth_root = 1805811301; /* 2^(-1/4) */
    const int32_t zeros = mw_leading_zeros((uint32_t)value);
    const int32_t headroom = mw_leading_zeros((uint32_t)mw_doubling_high_multiply(value, root)) - 1;
    const int32_t first = mw_saturating_shift_left(mw_doubling_high_multiply(value << (zeros - 1), root), 1);
    const int32_t second = mw_saturating_shift_left(value, headroom);
    const int32_t mantissa = first < second ? first : second;
    /* The power of two, 25 fractional bits, by either way of taking out the mantissa. */
    const int32_t first_power = (12 - zeros) * ((int32_t)1 << 25) + ((int32_t)1 << 23);
    const int32_t second_power = (12 - headroom) * ((int32_t)1 << 25) - ((int32_t)1 << 23);
    const int32_t power = first_power > second_power ? first_power : second_power;
    const int32_t half_sum = (int32_t)(((int64_t)mantissa + fourth_root + 1) >> 1);
    const int32_t q = 2 * (mantissa - fourth_root);
    const int32_t square = mw_doubling_high_multiply(q, q);
    const int32_t cube = mw_doubling_high_multiply(q, square);
    const int32_t numerator = mw_doubling_high_multiply(q, mantissa) + mw_doubling_high_multiply(cube, 117049297);
    const int32_t inner = 1057819769 + q + mw_doubling_high_multiply(square, 127690142);
    const int32_t denominator = mw_doubling_high_multiply(half_sum, inner) + mw_doubling_high_multiply(q, 638450708);
    const int32_t inverse = mw_reciprocal((int32_t)((uint32_t)denominator + 0x80000000u), 32);
    const int32_t quotient = mw_doubling_high_multiply(mw_rounding_shift_right(numerator, 6), inverse);
    return mw_saturating_shift_left(mw_doubling_high_multiply(power, 1488522236) + quotient, 1);
}

#endif
