/* SPDX-License-Identifier: Apache-2.0 */
/* Logistic and tanh of int16 fixed-point numbers as gemmlowp computes them (fixedpoint/fixedpoint.h), which integer
 * LSTMs use. Values are int16 in int32; `bits` is the number of integer bits: raw = real * 2^(15 - bits). */
#ifndef MW_GEMMLOWP_16_H
#define MW_GEMMLOWP_16_H

#include "mw_requantize.h"

MW_INLINE int32_t mw_saturate_16(int32_t value)
{
    return mw_clamp(value, -32768, 32767);
}

/* round(left * right / 2^15), halves upwards: gemmlowp's nudge and truncation come to the same. Not both may be
 * -32768, which gemmlowp saturates; here none is. */
MW_INLINE int32_t mw_high_multiply_16(int32_t left, int32_t right)
{
    return (left * right + 16384) >> 15;
}

/* exp of [-1/4, 0) without integer bits: a Taylor polynomial around -1/8. No step leaves int16. */
MW_INLINE int32_t mw_exp_quarter_16(int32_t value)
{
    const int32_t x = value + 4096;
    const int32_t x2 = mw_high_multiply_16(x, x);
    const int32_t x3 = mw_high_multiply_16(x2, x);
    const int32_t x4 = mw_high_multiply_16(x2, x2);
    const int32_t inner = mw_high_multiply_16(mw_rounding_shift_right(x4, 2) + x3, 10923);
    const int32_t sum = x + mw_rounding_shift_right(inner + x2, 1);
    return mw_saturate_16(28918 + mw_high_multiply_16(sum, 28918));
}

/* exp of value <= 0, without integer bits: the last quarter by the polynomial, the rest bit by bit. bits <= 7. */
MW_INLINE int32_t mw_exp_negative_16(int32_t value, int32_t bits)
{
    /* exp(-2^-2), exp(-2^-1), exp(-2^0), …, in steps of 2^-15. */
    static const int16_t factors[9] = {25520, 19875, 12055, 4435, 600, 11, 0, 0, 0};
    const int16_t *factor = factors;
    const int32_t quarter = (int32_t)1 << (13 - bits);
    const int32_t last = (value & (quarter - 1)) - quarter;
    const int32_t remainder = last - value;
    int32_t result = mw_exp_quarter_16(last * ((int32_t)1 << bits));
    int32_t bit;
    if (value == 0) {
        return 32767;
    }
    for (bit = quarter; bit <= remainder; bit += bit) {
        const int32_t product = mw_high_multiply_16(result, *factor++);
        result = (remainder & bit) != 0 ? product : result;
    }
    return result;
}

/* 2 / (1 + value) with two integer bits, by Newton's method; 0 <= value < 1 without integer bits. */
MW_INLINE int32_t mw_reciprocal_16(int32_t value)
{
    const int32_t half = (value + 32768) >> 1;
    int32_t x = 23130 + mw_high_multiply_16(half, -15420);
    int32_t i;
    for (i = 0; i < 3; i++) {
        const int32_t rest = 8192 - mw_high_multiply_16(half, x);
        x += mw_saturate_16(mw_high_multiply_16(x, rest) * 4);
    }
    return x;
}

/* The logistic function or the hyperbolic tangent, without integer bits. One copy serves all gates: five of them in a
 * row would not fit the instruction cache of small boards. */
MW_NOINLINE int32_t mw_squash_16(int32_t value, int32_t bits, int32_t is_tanh)
{
    const int32_t below = value > 0 ? -value : value;
    const int32_t twice = mw_reciprocal_16(mw_exp_negative_16(below, is_tanh != 0 ? bits + 1 : bits));
    const int32_t upper = mw_saturate_16(is_tanh != 0 ? (twice - 8192) * 4 : twice * 2);
    if (value == 0) {
        return is_tanh != 0 ? 0 : 16384;
    }
    if (value > 0) {
        return upper;
    }
    return is_tanh != 0 ? -upper : 32767 - upper;
}

MW_INLINE int32_t mw_logistic_16(int32_t value, int32_t bits)
{
    return mw_squash_16(value, bits, 0);
}

MW_INLINE int32_t mw_tanh_16(int32_t value, int32_t bits)
{
    return mw_squash_16(value, bits, 1);
}

#endif
