/* SPDX-License-Identifier: Apache-2.0 */
/* RELU6 and its like, float32: limits to low..high. NaN stays.
 * Goes forwards and reads element i before it writes element i. */
#ifndef MW_CLIP_F32_H
#define MW_CLIP_F32_H

#include "mw_base.h"

struct mw_clip_f32_params {
    int32_t count;
    float low;
    float high;
};

MW_KERNEL void mw_clip_f32(const struct mw_clip_f32_params *p, const float *input, float *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        const float x = input[i] < p->low ? p->low : input[i];
        output[i] = x > p->high ? p->high : x;
    }
}

#endif
