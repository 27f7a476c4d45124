/* SPDX-License-Identifier: Apache-2.0 */
/* CONV_2D, float32: by tiles of up to two pixels and four channels, no scratch.
 * input NHWC, weights OHWI, output NHWC, any geometry, grouped. */
#ifndef MW_CONV_2D_F32_H
#define MW_CONV_2D_F32_H

#include "mw_clamp_f32.h"
#include "mw_product_f32.h"
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
    int32_t pixels; /* of a tile: 1 or 2 */
    float low;
    float high;
};

/* The windows of one or two pixels, of which the same part lies inside, with up to four filters. */
MW_INLINE void mw_conv_2d_f32_tile(const struct mw_conv_2d_f32_params *p, const float *image, const float *weights,
                                   int32_t top, int32_t left, int32_t pixels, int32_t channels, float *sums)
{
    const int32_t first = mw_first_tap(left, p->dilation_w);
    const int32_t end = mw_end_tap(left, p->in_w, p->kernel_w, p->dilation_w);
    const int32_t bottom = mw_end_tap(top, p->in_h, p->kernel_h, p->dilation_h);
    /* Taps that lie behind one another are one run. */
    const int32_t taps = p->dilation_w == 1 && p->group_c == p->in_c ? end - first : 1;
    const struct mw_dots_f32 dots = {taps * p->group_c, 1, p->kernel_h * p->kernel_w * p->group_c, 1};
    int32_t i;
    int32_t j;
    for (i = mw_first_tap(top, p->dilation_h); i < bottom; i++) {
        for (j = first; j < end; j += taps) {
            const float *pixel =
                image + ((top + i * p->dilation_h) * p->in_w + left + j * p->dilation_w) * p->in_c;
            const float *filter = weights + (i * p->kernel_w + j) * p->group_c;
            mw_product_tile_f32(&dots, pixel, pixels, p->stride_w * p->in_c, filter, channels, sums);
        }
    }
}

/* How many of the pixels from a column on make a tile: two where the same part of both windows lies inside. */
MW_INLINE int32_t mw_conv_2d_f32_pixels(const struct mw_conv_2d_f32_params *p, int32_t column)
{
    const int32_t left = column * p->stride_w - p->pad_left;
    const int32_t right = left + p->stride_w;
    const int32_t reach = (p->kernel_w - 1) * p->dilation_w;
    return p->pixels == 2 && column + 1 < p->out_w && left >= 0 && right + reach < p->in_w ? 2 : 1;
}

/* All channels of one or two pixels. */
MW_INLINE void mw_conv_2d_f32_channels(const struct mw_conv_2d_f32_params *p, const float *image, float *output,
                                       const float *weights, const float *bias, int32_t top, int32_t left,
                                       int32_t pixels)
{
    const int32_t outputs_per_group = p->out_c / (p->in_c / p->group_c);
    const int32_t window = p->kernel_h * p->kernel_w * p->group_c;
    int32_t group;
    int32_t within;
    int32_t i;
    int32_t j;
    for (group = 0; group < p->in_c / p->group_c; group++) {
        for (within = 0; within < outputs_per_group; within += 4) {
            const int32_t channel = group * outputs_per_group + within;
            const int32_t channels = outputs_per_group - within < 4 ? outputs_per_group - within : 4;
            float sums[8] = {0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f};
            mw_conv_2d_f32_tile(p, image + group * p->group_c, weights + channel * window, top, left, pixels, channels,
                                sums);
            for (i = 0; i < pixels; i++) {
                for (j = 0; j < channels; j++) {
                    output[i * p->out_c + channel + j] =
                        mw_clamp_f32(sums[4 * i + j] + bias[channel + j], p->low, p->high);
                }
            }
        }
    }
}

MW_KERNEL void mw_conv_2d_f32(const struct mw_conv_2d_f32_params *p, const float *input, float *output,
                              const float *weights, const float *bias)
{
    int32_t batch;
    int32_t row;
    int32_t column;
    int32_t pixels;
    for (batch = 0; batch < p->batches; batch++) {
        for (row = 0; row < p->out_h; row++) {
            const int32_t top = row * p->stride_h - p->pad_top;
            for (column = 0; column < p->out_w; column += pixels) {
                const int32_t left = column * p->stride_w - p->pad_left;
                pixels = mw_conv_2d_f32_pixels(p, column);
                mw_conv_2d_f32_channels(p, input, output, weights, bias, top, left, pixels);
                output += pixels * p->out_c;
            }
        }
        input += p->in_h * p->in_w * p->in_c;
    }
}

#endif
