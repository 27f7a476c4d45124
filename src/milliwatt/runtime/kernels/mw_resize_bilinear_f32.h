/* SPDX-License-Identifier: Apache-2.0 */
/* RESIZE_BILINEAR, float32. rows and columns hold, in turns, the places of both neighbours in elements; the
 * fractions are the second one's weight. Products and sums stand in TFLite's order. */
#ifndef MW_RESIZE_BILINEAR_F32_H
#define MW_RESIZE_BILINEAR_F32_H

#include "mw_base.h"

struct mw_resize_bilinear_f32_params {
    int32_t batches;
    int32_t out_h;
    int32_t out_w;
    int32_t channels;
    int32_t image; /* elements of one input image */
};

MW_KERNEL void mw_resize_bilinear_f32(const struct mw_resize_bilinear_f32_params *p, const float *input, float *output,
                                      const int32_t *rows, const float *rows_fraction, const int32_t *columns,
                                      const float *columns_fraction)
{
    int32_t batch;
    int32_t y;
    int32_t x;
    int32_t i;
    for (batch = 0; batch < p->batches; batch++) {
        for (y = 0; y < p->out_h; y++) {
            const float *upper = input + rows[2 * y];
            const float *lower = input + rows[2 * y + 1];
            const float down = rows_fraction[y];
            const float up = 1.0f - down;
            for (x = 0; x < p->out_w; x++) {
                const int32_t left = columns[2 * x];
                const int32_t right = columns[2 * x + 1];
                const float over = columns_fraction[x];
                const float back = 1.0f - over;
                for (i = 0; i < p->channels; i++) {
                    float sum = upper[left + i] * up * back;
                    sum += lower[left + i] * down * back;
                    sum += upper[right + i] * up * over;
                    sum += lower[right + i] * down * over;
                    *output++ = sum;
                }
            }
        }
        input += p->image;
    }
}

#endif
