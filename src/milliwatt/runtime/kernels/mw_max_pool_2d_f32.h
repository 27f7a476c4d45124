/* SPDX-License-Identifier: Apache-2.0 */
/* MAX_POOL_2D, float32, NHWC: the largest element of the part of each window that lies inside. */
#ifndef MW_MAX_POOL_2D_F32_H
#define MW_MAX_POOL_2D_F32_H

#include "mw_clamp_f32.h"
#include "mw_window.h"

struct mw_max_pool_2d_f32_params {
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
    float low;
    float high;
};

/* Rows top..bottom - 1 and columns left..right - 1 of one channel. */
MW_INLINE float mw_max_pool_2d_f32_window(const struct mw_max_pool_2d_f32_params *p, const float *image,
                                          int32_t top, int32_t bottom, int32_t left, int32_t right)
{
    float largest = -3.4028234663852886e+38f;
    int32_t i;
    int32_t j;
    for (i = top; i < bottom; i++) {
        const float *pixel = image + (i * p->in_w + left) * p->channels;
        for (j = left; j < right; j++) {
            largest = *pixel > largest ? *pixel : largest;
            pixel += p->channels;
        }
    }
    return largest;
}

MW_KERNEL void mw_max_pool_2d_f32(const struct mw_max_pool_2d_f32_params *p, const float *input, float *output)
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
                    const float value = mw_max_pool_2d_f32_window(p, input + channel, top, bottom, left, right);
                    *output++ = mw_clamp_f32(value, p->low, p->high);
                }
            }
        }
        input += p->in_h * p->in_w * p->channels;
    }
}

#endif
