/* SPDX-License-Identifier: Apache-2.0 */
/* SOFTMAX on int8 or uint8 with int16 results of scale 1/65536 and zero point -32768.
 * table[d] = exp(-beta * scale * d) for the distance d from a row's maximum.
 * Goes forwards; an element is last read before its result is written. */
#ifndef MW_SOFTMAX_8_16_H
#define MW_SOFTMAX_8_16_H

#include "mw_rows_8.h"

struct mw_softmax_8_16_params {
    int32_t rows;
    int32_t depth;
    int32_t flip; /* 128 for int8, 0 for uint8 */
    float scale;  /* of the output */
};

MW_KERNEL void mw_softmax_8_16(const struct mw_softmax_8_16_params *p, const uint8_t *input, int16_t *output,
                            const float *table)
{
    const uint32_t flip = (uint32_t)p->flip;
    int32_t row;
    int32_t i;
    for (row = 0; row < p->rows; row++) {
        const int32_t largest = mw_row_maximum(input, p->depth, flip);
        const float factor = 1.0f / (mw_row_sum(input, p->depth, flip, table, largest) * p->scale);
        for (i = 0; i < p->depth; i++) {
            const int32_t steps = mw_rint(table[largest - (int32_t)(input[i] ^ flip)] * factor);
            output[i] = (int16_t)((steps > 65535 ? 65535 : steps) - 32768);
        }
        input += p->depth;
        output += p->depth;
    }
}

#endif
