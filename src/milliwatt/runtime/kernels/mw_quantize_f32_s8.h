/* SPDX-License-Identifier: Apache-2.0 */
/* QUANTIZE, float32 to int8.
 * Goes forwards and reads element i before it writes element i. */
#ifndef MW_QUANTIZE_F32_S8_H
#define MW_QUANTIZE_F32_S8_H

#include "mw_quantize_float.h"

struct mw_quantize_f32_s8_params {
    int32_t count;
    float scale;
    int32_t zero_point;
    int32_t low;
    int32_t high;
};

MW_KERNEL void mw_quantize_f32_s8(const struct mw_quantize_f32_s8_params *p, const float *input, int8_t *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        output[i] = (int8_t)mw_quantize_float(input[i], p->scale, p->zero_point, p->low, p->high);
    }
}

#endif
