/* SPDX-License-Identifier: Apache-2.0 */
/* QUANTIZE, float32 to int16.
 * Goes forwards and reads element i before it writes element i. */
#ifndef MW_QUANTIZE_F32_S16_H
#define MW_QUANTIZE_F32_S16_H

#include "mw_quantize_float.h"

struct mw_quantize_f32_s16_params {
    int32_t count;
    float scale;
    int32_t zero_point;
    int32_t low;
    int32_t high;
};

MW_KERNEL void mw_quantize_f32_s16(const struct mw_quantize_f32_s16_params *p, const float *input, int16_t *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        output[i] = (int16_t)mw_quantize_float(input[i], p->scale, p->zero_point, p->low, p->high);
    }
}

#endif
