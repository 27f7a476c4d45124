/* SPDX-License-Identifier: Apache-2.0 */
/* ABS, float32.
 * Goes forwards and reads element i before it writes element i. */
#ifndef MW_ABS_F32_H
#define MW_ABS_F32_H

#include "mw_float_bits.h"

struct mw_abs_f32_params {
    int32_t count;
};

MW_KERNEL void mw_abs_f32(const struct mw_abs_f32_params *p, const float *input, float *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        output[i] = mw_float_of_bits(mw_bits_of_float(input[i]) & ~MW_FLOAT_SIGN);
    }
}

#endif
