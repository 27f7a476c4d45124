/* SPDX-License-Identifier: Apache-2.0 */
/* RSQRT, float32: root and quotient are rounded each.
 * Goes forwards and reads element i before it writes element i. */
#ifndef MW_RSQRT_F32_H
#define MW_RSQRT_F32_H

#include "mw_sqrt.h"

struct mw_rsqrt_f32_params {
    int32_t count;
};

MW_KERNEL void mw_rsqrt_f32(const struct mw_rsqrt_f32_params *p, const float *input, float *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        output[i] = 1.0f / mw_sqrt(input[i]);
    }
}

#endif
