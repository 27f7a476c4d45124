/* SPDX-License-Identifier: Apache-2.0 */
/* DEPTHWISE_CONV_2D, float32: four channels at a time where the multiplier is 1, no scratch.
 * input and output NHWC, weights [height, width, channels]; output channel c reads input channel c / multiplier. */
#ifndef MW_DEPTHWISE_CONV_2D_F32_H
#define MW_DEPTHWISE_CONV_2D_F32_H

#include "mw_clamp_f32.h"
#include "mw_loaded_f32.h"
#include "mw_window.h"

struct mw_depthwise_conv_2d_f32_params {
    int32_t batches;
    int32_t in_h;
    int32_t in_w;
    int32_t in_c;
    int32_t out_h;
    int32_t out_w;
    int32_t out_c;
    int32_t kernel_h;
    int32_t kernel_w;
    int32_t stride_h;
    int32_t stride_w;
    int32_t dilation_h;
    int32_t dilation_w;
    int32_t pad_top;
    int32_t pad_left;
    int32_t multiplier;
    float low;
    float high;
};

/* The sum over the part of one window that lies inside, for one output channel. */
MW_INLINE float mw_depthwise_conv_2d_f32_window(const struct mw_depthwise_conv_2d_f32_params *p, const float *image,
                                                const float *weights, int32_t top, int32_t left)
{
    const int32_t first = mw_first_tap(left, p->dilation_w);
    const int32_t end = mw_end_tap(left, p->in_w, p->kernel_w, p->dilation_w);
    const int32_t bottom = mw_end_tap(top, p->in_h, p->kernel_h, p->dilation_h);
    float sum = 0.0f;
    int32_t i;
    int32_t j;
    for (i = mw_first_tap(top, p->dilation_h); i < bottom; i++) {
        const float *pixel =
            image + ((top + i * p->dilation_h) * p->in_w + left + first * p->dilation_w) * p->in_c;
        const float *filter = weights + (i * p->kernel_w + first) * p->out_c;
        for (j = first; j < end; j++) {
            sum += *pixel * *filter;
            pixel += p->dilation_w * p->in_c;
            filter += p->out_c;
        }
    }
    return sum;
}

/* The same for four channels. */
MW_INLINE void mw_depthwise_conv_2d_f32_four(const struct mw_depthwise_conv_2d_f32_params *p, const float *image,
                                             const float *weights, int32_t top, int32_t left, float *sums)
{
    const int32_t first = mw_first_tap(left, p->dilation_w);
    const int32_t end = mw_end_tap(left, p->in_w, p->kernel_w, p->dilation_w);
    const int32_t bottom = mw_end_tap(top, p->in_h, p->kernel_h, p->dilation_h);
    float local[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    int32_t i;
    int32_t j;
    for (i = mw_first_tap(top, p->dilation_h); i < bottom; i++) {
        const float *pixel =
            image + ((top + i * p->dilation_h) * p->in_w + left + first * p->dilation_w) * p->in_c;
        const float *filter = weights + (i * p->kernel_w + first) * p->out_c;
        for (j = first; j < end; j++) {
            float a = pixel[0];
            float b = pixel[1];
            float c = pixel[2];
            float d = pixel[3];
            float e = filter[0];
            float f = filter[1];
            float g = filter[2];
            float h = filter[3];
            MW_LOADED_8(a, b, c, d, e, f, g, h);
            local[0] += a * e;
            local[1] += b * f;
            local[2] += c * g;
            local[3] += d * h;
            pixel += p->dilation_w * p->in_c;
            filter += p->out_c;
        }
    }
    for (i = 0; i < 4; i++) {
        sums[i] = local[i];
    }
}

/* All channels of one pixel. */
MW_INLINE void mw_depthwise_conv_2d_f32_pixel(const struct mw_depthwise_conv_2d_f32_params *p, const float *input,
                                              float *output, const float *weights, const float *bias, int32_t top,
                                              int32_t left)
{
    const int32_t even = p->multiplier == 1 ? p->out_c / 4 * 4 : 0;
    float sums[4];
    int32_t channel;
    int32_t i;
    for (channel = 0; channel < even; channel += 4) {
        mw_depthwise_conv_2d_f32_four(p, input + channel, weights + channel, top, left, sums);
        for (i = 0; i < 4; i++) {
            output[channel + i] = mw_clamp_f32(sums[i] + bias[channel + i], p->low, p->high);
        }
    }
    for (channel = even; channel < p->out_c; channel++) {
        const float *image = input + channel / p->multiplier;
        const float sum = mw_depthwise_conv_2d_f32_window(p, image, weights + channel, top, left);
        output[channel] = mw_clamp_f32(sum + bias[channel], p->low, p->high);
    }
}

MW_KERNEL void mw_depthwise_conv_2d_f32(const struct mw_depthwise_conv_2d_f32_params *p, const float *input,
                                        float *output, const float *weights, const float *bias)
{
    int32_t batch;
    int32_t row;
    int32_t column;
    for (batch = 0; batch < p->batches; batch++) {
        for (row = 0; row < p->out_h; row++) {
            const int32_t top = row * p->stride_h - p->pad_top;
            for (column = 0; column < p->out_w; column++) {
                const int32_t left = column * p->stride_w - p->pad_left;
                mw_depthwise_conv_2d_f32_pixel(p, input, output, weights, bias, top, left);
                output += p->out_c;
            }
        }
        input += p->in_h * p->in_w * p->in_c;
    }
}

#endif
