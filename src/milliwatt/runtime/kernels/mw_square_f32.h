/* SPDX-License-Identifier: Apache-2.0 */
/* SQUARE, float32.
 * Goes forwards and reads element i before it writes element i. */
#ifndef MW_SQUARE_F32_H
#define MW_SQUARE_F32_H

#include "mw_base.h"

struct mw_square_f32_params {
    int32_t count;
};

MW_KERNEL void mw_square_f32(const struct mw_square_f32_params *p, const float *input, float *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        output[i] = input[i] * input[i];
    }
}

#endif
