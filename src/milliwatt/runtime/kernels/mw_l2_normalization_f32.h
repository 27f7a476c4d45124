/* SPDX-License-Identifier: Apache-2.0 */
/* L2_NORMALIZATION, float32. Goes forwards; an element is last read before its result is written. */
#ifndef MW_L2_NORMALIZATION_F32_H
#define MW_L2_NORMALIZATION_F32_H

#include "mw_sqrt.h"

struct mw_l2_normalization_f32_params {
    int32_t rows;
    int32_t depth;
    float epsilon; /* the smallest norm to divide by */
};

MW_KERNEL void mw_l2_normalization_f32(const struct mw_l2_normalization_f32_params *p, const float *input,
                                       float *output)
{
    int32_t row;
    int32_t i;
    for (row = 0; row < p->rows; row++) {
        float sum = 0.0f;
        float norm;
        for (i = 0; i < p->depth; i++) {
            sum += input[i] * input[i];
        }
        norm = mw_sqrt(sum);
        norm = norm < p->epsilon ? p->epsilon : norm;
        for (i = 0; i < p->depth; i++) {
            output[i] = input[i] / norm;
        }
        input += p->depth;
        output += p->depth;
    }
}

#endif
