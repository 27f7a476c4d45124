/* SPDX-License-Identifier: Apache-2.0 */
/* ROUND, float32: to nearest, ties to even.
 * Goes forwards and reads element i before it writes element i. */
#ifndef MW_ROUND_F32_H
#define MW_ROUND_F32_H

#include "mw_round_f32_to_integer.h"

struct mw_round_f32_params {
    int32_t count;
};

MW_KERNEL void mw_round_f32(const struct mw_round_f32_params *p, const float *input, float *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        output[i] = mw_round_half_even(input[i]);
    }
}

#endif
