/* SPDX-License-Identifier: Apache-2.0 */
/* ELU, float32.
 * Goes forwards and reads element i before it writes element i. */
#ifndef MW_ELU_F32_H
#define MW_ELU_F32_H

#include "mw_exp.h"

struct mw_elu_f32_params {
    int32_t count;
};

MW_KERNEL void mw_elu_f32(const struct mw_elu_f32_params *p, const float *input, float *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        const float x = input[i];
        output[i] = x < 0.0f ? mw_expm1_negative(x) : x;
    }
}

#endif
