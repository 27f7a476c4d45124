/* SPDX-License-Identifier: Apache-2.0 */
/* HARD_SIGMOID, float32.
 * Goes forwards and reads element i before it writes element i. */
#ifndef MW_HARD_SIGMOID_F32_H
#define MW_HARD_SIGMOID_F32_H

#include "mw_base.h"

struct mw_hard_sigmoid_f32_params {
    int32_t count;
    float alpha;
    float beta;
};

MW_KERNEL void mw_hard_sigmoid_f32(const struct mw_hard_sigmoid_f32_params *p, const float *input, float *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        const float line = input[i] * p->alpha + p->beta;
        const float above = line < 0.0f ? 0.0f : line;
        output[i] = above > 1.0f ? 1.0f : above;
    }
}

#endif
