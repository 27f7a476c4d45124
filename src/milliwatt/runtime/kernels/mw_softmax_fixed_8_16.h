/* SPDX-License-Identifier: Apache-2.0 */
/* SOFTMAX on int8 or uint8 in integers alone, results int16 of scale 1/65536 and zero point -32768.
 * table[d] = exp(-beta * scale * d) with 31 fractional bits for the distance d from a row's maximum.
 * Goes forwards; an element is last read before its result is written. */
#ifndef MW_SOFTMAX_FIXED_8_16_H
#define MW_SOFTMAX_FIXED_8_16_H

#include "mw_row_total.h"

struct mw_softmax_fixed_8_16_params {
    int32_t rows;
    int32_t depth;
    int32_t flip; /* 128 for int8, 0 for uint8 */
};

MW_KERNEL void mw_softmax_fixed_8_16(const struct mw_softmax_fixed_8_16_params *p, const uint8_t *input, int16_t *output,
                                    const int32_t *table)
{
    const uint32_t flip = (uint32_t)p->flip;
    int32_t row;
    int32_t i;
    for (row = 0; row < p->rows; row++) {
        const int32_t largest = mw_row_maximum(input, p->depth, flip);
        const int32_t sum = mw_row_total(input, p->depth, flip, table, largest);
        const int32_t length = mw_bit_length(sum);
        const int32_t fraction = mw_reciprocal(sum, length);
        for (i = 0; i < p->depth; i++) {
            const int32_t term = table[largest - (int32_t)(input[i] ^ flip)];
            const int32_t steps = mw_row_share(term, fraction, length, 16);
            output[i] = (int16_t)(steps - 32768);
        }
        input += p->depth;
        output += p->depth;
    }
}

#endif
