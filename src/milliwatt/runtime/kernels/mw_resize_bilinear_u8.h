/* SPDX-License-Identifier: Apache-2.0 */
/* RESIZE_BILINEAR, uint8, whose sums are float32. rows and columns hold, in turns, the places of both neighbours in elements; the
 * fractions are the second one's weight. Products and sums stand in TFLite's order. */
#ifndef MW_RESIZE_BILINEAR_U8_H
#define MW_RESIZE_BILINEAR_U8_H

#include "mw_base.h"

struct mw_resize_bilinear_u8_params {
    int32_t batches;
    int32_t out_h;
    int32_t out_w;
    int32_t channels;
    int32_t image; /* elements of one input image */
};

MW_KERNEL void mw_resize_bilinear_u8(const struct mw_resize_bilinear_u8_params *p, const uint8_t *input, uint8_t *output,
                                      const int32_t *rows, const float *rows_fraction, const int32_t *columns,
                                      const float *columns_fraction)
{
    int32_t batch;
    int32_t y;
    int32_t x;
    int32_t i;
    for (batch = 0; batch < p->batches; batch++) {
        for (y = 0; y < p->out_h; y++) {
            const uint8_t *upper = input + rows[2 * y];
            const uint8_t *lower = input + rows[2 * y + 1];
            const float down = rows_fraction[y];
            const float up = 1.0f - down;
            for (x = 0; x < p->out_w; x++) {
                const int32_t left = columns[2 * x];
                const int32_t right = columns[2 * x + 1];
                const float over = columns_fraction[x];
                const float back = 1.0f - over;
                for (i = 0; i < p->channels; i++) {
                    float sum = (float)upper[left + i] * up * back;
                    sum += (float)lower[left + i] * down * back;
                    sum += (float)upper[right + i] * up * over;
                    sum += (float)lower[right + i] * down * over;
                    *output++ = (uint8_t)(int32_t)(sum + 0.5f);
                }
            }
        }
        input += p->image;
    }
}

#endif
