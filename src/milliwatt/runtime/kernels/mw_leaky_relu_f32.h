/* SPDX-License-Identifier: Apache-2.0 */
/* LEAKY_RELU, float32.
 * Goes forwards and reads element i before it writes element i. */
#ifndef MW_LEAKY_RELU_F32_H
#define MW_LEAKY_RELU_F32_H

#include "mw_base.h"

struct mw_leaky_relu_f32_params {
    int32_t count;
    float alpha;
};

MW_KERNEL void mw_leaky_relu_f32(const struct mw_leaky_relu_f32_params *p, const float *input, float *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        const float x = input[i];
        output[i] = x > 0.0f ? x : x * p->alpha;
    }
}

#endif
