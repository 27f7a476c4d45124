/* SPDX-License-Identifier: Apache-2.0 */
/* DEQUANTIZE, int16 to float32.
 * Goes forwards and reads element i before it writes element i. */
#ifndef MW_DEQUANTIZE_S16_H
#define MW_DEQUANTIZE_S16_H

#include "mw_base.h"

struct mw_dequantize_s16_params {
    int32_t count;
    float scale;
    int32_t zero_point;
};

MW_KERNEL void mw_dequantize_s16(const struct mw_dequantize_s16_params *p, const int16_t *input, float *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        output[i] = p->scale * (float)(input[i] - p->zero_point);
    }
}

#endif
