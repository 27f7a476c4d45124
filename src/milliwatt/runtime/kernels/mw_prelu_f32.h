/* SPDX-License-Identifier: Apache-2.0 */
/* PRELU, float. */
#ifndef MW_PRELU_F32_H
#define MW_PRELU_F32_H

#include "mw_broadcast.h"

struct mw_prelu_f32_params {
    int32_t rows;
    int32_t count;
    int32_t extent_1;
    int32_t extent_2;
    int32_t extent_3;
    int32_t extent_4;
    int32_t first_mask;
    int32_t second_mask;
};

MW_KERNEL void mw_prelu_f32(const struct mw_prelu_f32_params *p, const float *first, const float *second,
                            float *output)
{
    MW_FOR_EACH_PAIR(p, float, first, second, output, *left >= 0.0f ? *left : *left * *right);
}

#endif
