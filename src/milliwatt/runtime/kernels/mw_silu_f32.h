/* SPDX-License-Identifier: Apache-2.0 */
/* SILU, float32.
 * Goes forwards and reads element i before it writes element i. */
#ifndef MW_SILU_F32_H
#define MW_SILU_F32_H

#include "mw_exp.h"

struct mw_silu_f32_params {
    int32_t count;
};

MW_KERNEL void mw_silu_f32(const struct mw_silu_f32_params *p, const float *input, float *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        output[i] = input[i] / (1.0f + mw_exp(-input[i]));
    }
}

#endif
