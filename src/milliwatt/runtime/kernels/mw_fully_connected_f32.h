/* SPDX-License-Identifier: Apache-2.0 */
/* FULLY_CONNECTED, float32: the portable form, no scratch.
 * input [rows, depth], weights [units, depth], output [rows, units]. */
#ifndef MW_FULLY_CONNECTED_F32_H
#define MW_FULLY_CONNECTED_F32_H

#include "mw_clamp_f32.h"

struct mw_fully_connected_f32_params {
    int32_t rows;
    int32_t depth;
    int32_t units;
    float low;
    float high;
};

MW_KERNEL void mw_fully_connected_f32(const struct mw_fully_connected_f32_params *p, const float *input,
                                      float *output, const float *weights, const float *bias)
{
    const float *const filter = weights;
    int32_t row;
    int32_t unit;
    int32_t k;
    for (row = 0; row < p->rows; row++) {
        weights = filter;
        for (unit = 0; unit < p->units; unit++) {
            float sum = 0.0f;
            for (k = 0; k < p->depth; k++) {
                sum += input[k] * weights[k];
            }
            weights += p->depth;
            *output++ = mw_clamp_f32(sum + bias[unit], p->low, p->high);
        }
        input += p->depth;
    }
}

#endif
