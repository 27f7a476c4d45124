/* SPDX-License-Identifier: Apache-2.0 */
/* RESIZE_BILINEAR, int8. rows and columns hold, in turns, the places of both neighbours in elements; the
 * fractions are the second one's weight in 1/1024. The sum stays below 2^29: the weights of an axis add up to at most 2048 in magnitude. */
#ifndef MW_RESIZE_BILINEAR_S8_H
#define MW_RESIZE_BILINEAR_S8_H

#include "mw_base.h"

struct mw_resize_bilinear_s8_params {
    int32_t batches;
    int32_t out_h;
    int32_t out_w;
    int32_t channels;
    int32_t image; /* elements of one input image */
};

/* sum / 2^20, halves away from zero. */
MW_INLINE int8_t mw_resize_bilinear_s8_round(int32_t sum)
{
    const int32_t half = (int32_t)1 << 19;
    return (int8_t)((sum > 0 ? sum + half : sum - half) / ((int32_t)1 << 20));
}

MW_KERNEL void mw_resize_bilinear_s8(const struct mw_resize_bilinear_s8_params *p, const int8_t *input, int8_t *output,
                                     const int32_t *rows, const int32_t *rows_fraction, const int32_t *columns,
                                     const int32_t *columns_fraction)
{
    int32_t batch;
    int32_t y;
    int32_t x;
    int32_t i;
    for (batch = 0; batch < p->batches; batch++) {
        for (y = 0; y < p->out_h; y++) {
            const int8_t *upper = input + rows[2 * y];
            const int8_t *lower = input + rows[2 * y + 1];
            const int32_t down = rows_fraction[y];
            for (x = 0; x < p->out_w; x++) {
                const int32_t left = columns[2 * x];
                const int32_t right = columns[2 * x + 1];
                const int32_t over = columns_fraction[x];
                const int32_t weight_00 = (1024 - down) * (1024 - over);
                const int32_t weight_10 = down * (1024 - over);
                const int32_t weight_01 = (1024 - down) * over;
                const int32_t weight_11 = down * over;
                for (i = 0; i < p->channels; i++) {
                    *output++ = mw_resize_bilinear_s8_round(upper[left + i] * weight_00 + lower[left + i] * weight_10 +
                                                     upper[right + i] * weight_01 + lower[right + i] * weight_11);
                }
            }
        }
        input += p->image;
    }
}

#endif
