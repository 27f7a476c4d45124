/* SPDX-License-Identifier: Apache-2.0 */
/* DEQUANTIZE, uint8 to float32.
 * Goes forwards and reads element i before it writes element i. */
#ifndef MW_DEQUANTIZE_U8_H
#define MW_DEQUANTIZE_U8_H

#include "mw_base.h"

struct mw_dequantize_u8_params {
    int32_t count;
    float scale;
    int32_t zero_point;
};

MW_KERNEL void mw_dequantize_u8(const struct mw_dequantize_u8_params *p, const uint8_t *input, float *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        output[i] = p->scale * (float)(input[i] - p->zero_point);
    }
}

#endif
