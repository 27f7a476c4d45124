/* SPDX-License-Identifier: Apache-2.0 */
/* LOG_SOFTMAX on int8 or uint8 with results of the same type, whose zero point is the highest integer.
 * table[d] = exp(-scale * d) for the distance d from a row's maximum.
 * Goes forwards; an element is last read before its result is written. */
#ifndef MW_LOG_SOFTMAX_8_H
#define MW_LOG_SOFTMAX_8_H

#include "mw_log.h"
#include "mw_rows_8.h"

struct mw_log_softmax_8_params {
    int32_t rows;
    int32_t depth;
    int32_t flip; /* 128 for int8, 0 for uint8 */
    float scale;  /* of the input */
    float output_scale;
    float ratio; /* scale / output_scale */
};

MW_KERNEL void mw_log_softmax_8(const struct mw_log_softmax_8_params *p, const uint8_t *input, uint8_t *output,
                                const float *table)
{
    const uint32_t flip = (uint32_t)p->flip;
    int32_t row;
    int32_t i;
    for (row = 0; row < p->rows; row++) {
        const int32_t largest = mw_row_maximum(input, p->depth, flip);
        const float logarithm = mw_log(mw_row_sum(input, p->depth, flip, table, largest));
        const float offset = (p->scale * (float)(largest - p->flip) + logarithm) / p->output_scale;
        for (i = 0; i < p->depth; i++) {
            const float real = p->ratio * (float)((int32_t)(input[i] ^ flip) - p->flip) - offset;
            /* NaN, which only scales near the largest float make, gives the lowest integer. */
            const int32_t steps = real > -255.0f ? (real < 0.0f ? mw_rint(real) : 0) : -255;
            output[i] = (uint8_t)((uint32_t)(255 + steps) ^ flip);
        }
        input += p->depth;
        output += p->depth;
    }
}

#endif
