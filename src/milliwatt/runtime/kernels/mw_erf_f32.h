/* SPDX-License-Identifier: Apache-2.0 */
/* The error function, float32.
 * Goes forwards and reads element i before it writes element i. */
#ifndef MW_ERF_F32_H
#define MW_ERF_F32_H

#include "mw_erfc.h"

struct mw_erf_f32_params {
    int32_t count;
};

/* The Taylor series up to x^13 below 1/2, where it is off by less than 2^-29 of the value; 1 - erfc(x) above. */
MW_INLINE float mw_erf(float x)
{
    const float square = x * x;
    float sum;
    if (x > 0.5f) {
        return 1.0f - mw_erfc(x);
    }
    if (x < -0.5f) {
        return mw_erfc(-x) - 1.0f;
    }
    sum = -0.000854832702f + square * 0.00012055333f;
    sum = 0.00522397763f + square * sum;
    sum = -0.0268661706f + square * sum;
    sum = 0.112837917f + square * sum;
    sum = -0.376126389f + square * sum;
    sum = 1.12837917f + square * sum;
    return x * sum;
}

MW_KERNEL void mw_erf_f32(const struct mw_erf_f32_params *p, const float *input, float *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        output[i] = mw_erf(input[i]);
    }
}

#endif
