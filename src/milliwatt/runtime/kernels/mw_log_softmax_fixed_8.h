/* SPDX-License-Identifier: Apache-2.0 */
/* LOG_SOFTMAX on int8 or uint8 in integers, with results of the same type in steps of 1/16 below its highest integer.
 * table[d] = exp(-scale * d), 31 fractional bits, for the distance d from a row's maximum.
 * Goes forwards; an element is last read before its result is written. */
#ifndef MW_LOG_SOFTMAX_FIXED_8_H
#define MW_LOG_SOFTMAX_FIXED_8_H

#include "mw_fixed_log.h"
#include "mw_rows_8.h"

struct mw_log_softmax_fixed_8_params {
    int32_t rows;
    int32_t depth;     /* at most 4095 */
    int32_t flip;      /* 128 for int8, 0 for uint8 */
    int32_t mantissa;  /* from distances to 26 fractional bits */
    int32_t exponent;
    int32_t inverse_mantissa;
    int32_t inverse_exponent;
    int32_t furthest;  /* the smallest distance, negative, that counts */
};

MW_KERNEL void mw_log_softmax_fixed_8(const struct mw_log_softmax_fixed_8_params *p, const uint8_t *input,
                                      uint8_t *output, const int32_t *table)
{
    const uint32_t flip = (uint32_t)p->flip;
    int32_t row;
    int32_t i;
    for (row = 0; row < p->rows; row++) {
        const int32_t largest = mw_row_maximum(input, p->depth, flip);
        int32_t sum = 0; /* 19 fractional bits: below 4096 */
        int32_t logarithm;
        int32_t lowest;
        for (i = 0; i < p->depth; i++) {
            sum += mw_rounding_shift_right(table[largest - (int32_t)(input[i] ^ flip)], 12);
        }
        logarithm = mw_fixed_log(sum);
        /* Below this distance the result would leave 32 bits. */
        lowest = mw_requantize(logarithm - 2147483647 - 1, p->inverse_mantissa, p->inverse_exponent, MW_ROUND_DOUBLE);
        lowest = lowest > p->furthest - 1 ? lowest : p->furthest - 1;
        for (i = 0; i < p->depth; i++) {
            const int32_t distance = (int32_t)(input[i] ^ flip) - largest;
            int32_t steps = -255;
            if (distance > lowest) {
                const int32_t scaled = mw_requantize(distance, p->mantissa, p->exponent, MW_ROUND_DOUBLE);
                steps = mw_clamp(mw_rounding_shift_right(scaled - logarithm, 22), -255, 0);
            }
            output[i] = (uint8_t)((uint32_t)(255 + steps) ^ flip);
        }
        input += p->depth;
        output += p->depth;
    }
}

#endif
