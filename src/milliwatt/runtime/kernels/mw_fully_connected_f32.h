/* SPDX-License-Identifier: Apache-2.0 */
/* FULLY_CONNECTED, float32: by tiles of two rows and four units, no scratch.
 * input [rows, depth], weights [units, depth], output [rows, units]. */
#ifndef MW_FULLY_CONNECTED_F32_H
#define MW_FULLY_CONNECTED_F32_H

#include "mw_clamp_f32.h"
#include "mw_product_f32.h"

struct mw_fully_connected_f32_params {
    int32_t rows;
    int32_t depth;
    int32_t units;
    float low;
    float high;
};

/* Bias and activation of a tile. */
MW_INLINE void mw_fully_connected_f32_finish(const struct mw_fully_connected_f32_params *p, const float *sums,
                                             const float *bias, int32_t rows, int32_t units, float *output)
{
    int32_t i;
    int32_t j;
    for (i = 0; i < rows; i++) {
        for (j = 0; j < units; j++) {
            output[i * p->units + j] = mw_clamp_f32(sums[4 * i + j] + bias[j], p->low, p->high);
        }
    }
}

MW_KERNEL void mw_fully_connected_f32(const struct mw_fully_connected_f32_params *p, const float *input,
                                      float *output, const float *weights, const float *bias)
{
    const struct mw_dots_f32 dots = {p->depth, 1, p->depth, 1};
    int32_t row;
    int32_t unit;
    for (unit = 0; unit < p->units; unit += 4) {
        const int32_t wide = p->units - unit < 4 ? p->units - unit : 4;
        for (row = 0; row < p->rows; row += 2) {
            const int32_t high = p->rows - row < 2 ? 1 : 2;
            float sums[8] = {0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f};
            mw_product_tile_f32(&dots, input + row * p->depth, high, p->depth, weights + unit * p->depth, wide, sums);
            mw_fully_connected_f32_finish(p, sums, bias + unit, high, wide, output + row * p->units + unit);
        }
    }
}

#endif
