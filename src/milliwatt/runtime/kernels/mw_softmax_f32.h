/* SPDX-License-Identifier: Apache-2.0 */
/* SOFTMAX, float32. Goes forwards; the exponentials are kept in the output meanwhile. */
#ifndef MW_SOFTMAX_F32_H
#define MW_SOFTMAX_F32_H

#include "mw_exp.h"

struct mw_softmax_f32_params {
    int32_t rows;
    int32_t depth;
    float beta;
};

MW_KERNEL void mw_softmax_f32(const struct mw_softmax_f32_params *p, const float *input, float *output)
{
    int32_t row;
    int32_t i;
    for (row = 0; row < p->rows; row++) {
        float largest = input[0];
        float sum = 0.0f;
        float factor;
        for (i = 1; i < p->depth; i++) {
            largest = input[i] > largest ? input[i] : largest;
        }
        for (i = 0; i < p->depth; i++) {
            const float term = mw_exp((input[i] - largest) * p->beta);
            output[i] = term;
            sum += term;
        }
        factor = 1.0f / sum;
        for (i = 0; i < p->depth; i++) {
            output[i] = output[i] * factor;
        }
        input += p->depth;
        output += p->depth;
    }
}

#endif
