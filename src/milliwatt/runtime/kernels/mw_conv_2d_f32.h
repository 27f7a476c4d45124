/* SPDX-License-Identifier: Apache-2.0 */
/* CONV_2D, float32: the portable form, no scratch.
 * input NHWC, weights OHWI, output NHWC, any geometry, grouped. */
#ifndef MW_CONV_2D_F32_H
#define MW_CONV_2D_F32_H

#include "mw_clamp_f32.h"
#include "mw_window.h"

struct mw_conv_2d_f32_params {
    int32_t batches;
    int32_t in_h;
    int32_t in_w;
    int32_t in_c;
    int32_t out_h;
    int32_t out_w;
    int32_t out_c;
    int32_t kernel_h;
    int32_t kernel_w;
    int32_t group_c; /* input channels per group */
    int32_t stride_h;
    int32_t stride_w;
    int32_t dilation_h;
    int32_t dilation_w;
    int32_t pad_top;
    int32_t pad_left;
    float low;
    float high;
};

/* The sum over the part of one window that lies inside, for one output channel. */
MW_INLINE float mw_conv_2d_f32_window(const struct mw_conv_2d_f32_params *p, const float *image, const float *weights,
                                      int32_t top, int32_t left)
{
    const int32_t first = mw_first_tap(left, p->dilation_w);
    const int32_t end = mw_end_tap(left, p->in_w, p->kernel_w, p->dilation_w);
    const int32_t bottom = mw_end_tap(top, p->in_h, p->kernel_h, p->dilation_h);
    float sum = 0.0f;
    int32_t i;
    int32_t j;
    int32_t k;
    for (i = mw_first_tap(top, p->dilation_h); i < bottom; i++) {
        for (j = first; j < end; j++) {
            const float *pixel =
                image + ((top + i * p->dilation_h) * p->in_w + left + j * p->dilation_w) * p->in_c;
            const float *filter = weights + (i * p->kernel_w + j) * p->group_c;
            for (k = 0; k < p->group_c; k++) {
                sum += pixel[k] * filter[k];
            }
        }
    }
    return sum;
}

MW_KERNEL void mw_conv_2d_f32(const struct mw_conv_2d_f32_params *p, const float *input, float *output,
                              const float *weights, const float *bias)
{
    const int32_t outputs_per_group = p->out_c / (p->in_c / p->group_c);
    const int32_t window = p->kernel_h * p->kernel_w * p->group_c;
    int32_t batch;
    int32_t row;
    int32_t column;
    int32_t channel;
    for (batch = 0; batch < p->batches; batch++) {
        for (row = 0; row < p->out_h; row++) {
            const int32_t top = row * p->stride_h - p->pad_top;
            for (column = 0; column < p->out_w; column++) {
                const int32_t left = column * p->stride_w - p->pad_left;
                for (channel = 0; channel < p->out_c; channel++) {
                    const int32_t first = channel / outputs_per_group * p->group_c;
                    const float sum = mw_conv_2d_f32_window(p, input + first, weights + channel * window, top, left);
                    *output++ = mw_clamp_f32(sum + bias[channel], p->low, p->high);
                }
            }
        }
        input += p->in_h * p->in_w * p->in_c;
    }
}

#endif
