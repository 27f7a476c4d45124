/* SPDX-License-Identifier: Apache-2.0 */
/* FLOOR, float32.
 * Goes forwards and reads element i before it writes element i. */
#ifndef MW_FLOOR_F32_H
#define MW_FLOOR_F32_H

#include "mw_round_f32_to_integer.h"

struct mw_floor_f32_params {
    int32_t count;
};

MW_KERNEL void mw_floor_f32(const struct mw_floor_f32_params *p, const float *input, float *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        output[i] = mw_floor(input[i]);
    }
}

#endif
