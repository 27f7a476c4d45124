/* SPDX-License-Identifier: Apache-2.0 */
/* TANH, float32.
 * Goes forwards and reads element i before it writes element i. */
#ifndef MW_TANH_F32_H
#define MW_TANH_F32_H

#include "mw_tanh.h"

struct mw_tanh_f32_params {
    int32_t count;
};

MW_KERNEL void mw_tanh_f32(const struct mw_tanh_f32_params *p, const float *input, float *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        output[i] = mw_tanh(input[i]);
    }
}

#endif
