/* SPDX-License-Identifier: Apache-2.0 */
/* GELU, float32, approximated by a tanh.
 * Goes forwards and reads element i before it writes element i. */
#ifndef MW_GELU_TANH_F32_H
#define MW_GELU_TANH_F32_H

#include "mw_tanh.h"

struct mw_gelu_tanh_f32_params {
    int32_t count;
};

MW_KERNEL void mw_gelu_tanh_f32(const struct mw_gelu_tanh_f32_params *p, const float *input, float *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        const float x = input[i];
        const float inner = 0.79788458f * (x + 0.044715f * x * x * x);
        output[i] = 0.5f * x * (1.0f + mw_tanh(inner));
    }
}

#endif
