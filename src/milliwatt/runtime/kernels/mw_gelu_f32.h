/* SPDX-License-Identifier: Apache-2.0 */
/* GELU, float32, exact form.
 * Goes forwards and reads element i before it writes element i. */
#ifndef MW_GELU_F32_H
#define MW_GELU_F32_H

#include "mw_erfc.h"

struct mw_gelu_f32_params {
    int32_t count;
};

MW_KERNEL void mw_gelu_f32(const struct mw_gelu_f32_params *p, const float *input, float *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        const float x = input[i];
        output[i] = 0.5f * x * mw_erfc(x * -0.70710678f);
    }
}

#endif
