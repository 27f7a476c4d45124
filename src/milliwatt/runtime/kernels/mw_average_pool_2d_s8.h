/* SPDX-License-Identifier: Apache-2.0 */
/* AVERAGE_POOL_2D, int8, NHWC: the mean of the part of each window that lies inside. */
#ifndef MW_AVERAGE_POOL_2D_S8_H
#define MW_AVERAGE_POOL_2D_S8_H

#include "mw_average.h"
#include "mw_requantize.h"
#include "mw_window.h"

struct mw_average_pool_2d_s8_params {
    int32_t batches;
    int32_t in_h;
    int32_t in_w;
    int32_t channels;
    int32_t out_h;
    int32_t out_w;
    int32_t kernel_h;
    int32_t kernel_w;
    int32_t stride_h;
    int32_t stride_w;
    int32_t pad_top;
    int32_t pad_left;
    int32_t low;
    int32_t high;
};

/* Rows top..bottom - 1 and columns left..right - 1 of one channel. */
MW_INLINE int32_t mw_average_pool_2d_s8_window(const struct mw_average_pool_2d_s8_params *p, const int8_t *image,
                                               int32_t top, int32_t bottom, int32_t left, int32_t right)
{
    int32_t sum = 0;
    int32_t i;
    int32_t j;
    for (i = top; i < bottom; i++) {
        const int8_t *pixel = image + (i * p->in_w + left) * p->channels;
        for (j = left; j < right; j++) {
            sum += *pixel;
            pixel += p->channels;
        }
    }
    return mw_average(sum, (bottom - top) * (right - left));
}

MW_KERNEL void mw_average_pool_2d_s8(const struct mw_average_pool_2d_s8_params *p, const int8_t *input,
                                     int8_t *output)
{
    int32_t batch;
    int32_t row;
    int32_t column;
    int32_t channel;
    for (batch = 0; batch < p->batches; batch++) {
        for (row = 0; row < p->out_h; row++) {
            const int32_t top = mw_inside(row * p->stride_h - p->pad_top, p->in_h);
            const int32_t bottom = mw_inside(row * p->stride_h - p->pad_top + p->kernel_h, p->in_h);
            for (column = 0; column < p->out_w; column++) {
                const int32_t left = mw_inside(column * p->stride_w - p->pad_left, p->in_w);
                const int32_t right = mw_inside(column * p->stride_w - p->pad_left + p->kernel_w, p->in_w);
                for (channel = 0; channel < p->channels; channel++) {
                    const int32_t value = mw_average_pool_2d_s8_window(p, input + channel, top, bottom, left, right);
                    *output++ = (int8_t)mw_clamp(value, p->low, p->high);
                }
            }
        }
        input += p->in_h * p->in_w * p->channels;
    }
}

#endif
