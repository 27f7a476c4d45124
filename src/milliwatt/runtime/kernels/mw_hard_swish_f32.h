/* SPDX-License-Identifier: Apache-2.0 */
/* HARD_SWISH, float32.
 * Goes forwards and reads element i before it writes element i. */
#ifndef MW_HARD_SWISH_F32_H
#define MW_HARD_SWISH_F32_H

#include "mw_base.h"

struct mw_hard_swish_f32_params {
    int32_t count;
};

MW_KERNEL void mw_hard_swish_f32(const struct mw_hard_swish_f32_params *p, const float *input, float *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        const float x = input[i];
        const float above = x + 3.0f < 0.0f ? 0.0f : x + 3.0f;
        output[i] = x * (above > 6.0f ? 6.0f : above) / 6.0f;
    }
}

#endif
