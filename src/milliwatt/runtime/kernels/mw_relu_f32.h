/* SPDX-License-Identifier: Apache-2.0 */
/* RELU, float32. NaN stays.
 * Goes forwards and reads element i before it writes element i. */
#ifndef MW_RELU_F32_H
#define MW_RELU_F32_H

#include "mw_base.h"

struct mw_relu_f32_params {
    int32_t count;
};

MW_KERNEL void mw_relu_f32(const struct mw_relu_f32_params *p, const float *input, float *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        const float x = input[i];
        output[i] = x < 0.0f ? 0.0f : x;
    }
}

#endif
