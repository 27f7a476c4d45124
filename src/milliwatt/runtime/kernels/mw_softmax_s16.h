/* SPDX-License-Identifier: Apache-2.0 */
/* SOFTMAX, int16: exponentials and the reciprocal of their sum from tables with interpolation.
 * exponential: exp(x) on -10..0, reciprocal: 1 / (1 + x) on 0..1, of 513 samples each in steps of 2^-15.
 * Goes forwards; the exponentials are kept in the output meanwhile. */
#ifndef MW_SOFTMAX_S16_H
#define MW_SOFTMAX_S16_H

#include "mw_float_bits.h"
#include "mw_interpolate_16.h"
#include "mw_requantize.h"

struct mw_softmax_s16_params {
    int32_t rows;
    int32_t depth;
    int32_t mantissa;
    int32_t exponent;
    int32_t rounding;
};

/* Scales the exponentials of one row by one over their sum, which is at least 32767. */
MW_INLINE void mw_softmax_s16_divide(int16_t *row, int32_t depth, int32_t sum, const int16_t *reciprocal)
{
    /* sum = 2^(31 - zeros) * (1 + x), and x goes through the table. */
    const int32_t zeros = mw_leading_zeros((uint32_t)sum);
    const int32_t shift = 31 - zeros;
    const int64_t normal = (int64_t)sum << (zeros - 1);
    const int32_t x = (int32_t)((normal + (1 << 13)) >> 14) - 98304;
    const int32_t factor = mw_interpolate_16(reciprocal, mw_clamp(x, -32768, 32767));
    int32_t i;
    for (i = 0; i < depth; i++) {
        const int32_t scaled = (int32_t)((row[i] * (int64_t)factor + ((int64_t)1 << (shift - 1))) >> shift);
        row[i] = (int16_t)mw_clamp(scaled, 0, 32767);
    }
}

MW_KERNEL void mw_softmax_s16(const struct mw_softmax_s16_params *p, const int16_t *input, int16_t *output,
                              const int16_t *exponential, const int16_t *reciprocal)
{
    int32_t row;
    int32_t i;
    for (row = 0; row < p->rows; row++) {
        int32_t largest = -32768;
        int32_t sum = 0;
        for (i = 0; i < p->depth; i++) {
            largest = input[i] > largest ? input[i] : largest;
        }
        for (i = 0; i < p->depth; i++) {
            const int32_t x = mw_requantize(input[i] - largest, p->mantissa, p->exponent, p->rounding);
            output[i] = mw_interpolate_16(exponential, x < -65535 ? -32768 : (x > 0 ? 32767 : x + 32767));
            sum += output[i];
        }
        mw_softmax_s16_divide(output, p->depth, sum, reciprocal);
        input += p->depth;
        output += p->depth;
    }
}

#endif
