/* SPDX-License-Identifier: Apache-2.0 */
/* CONV_2D, int8, any geometry, grouped: the portable and readable form, no scratch.
 * input NHWC, weights OHWI, output NHWC. The accumulator holds at most 2^31: window * channels * 255 * 128
 * stays below for every window of less than 65793 elements, which lowering checks. */
#ifndef MW_CONV_2D_S8_H
#define MW_CONV_2D_S8_H

#include "mw_requantize.h"

struct mw_conv_2d_s8_params {
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
    int32_t input_offset; /* minus the input's zero point */
    int32_t output_offset;
    int32_t low;
    int32_t high;
    int32_t rounding;
};

/* Sum over one window for one output channel; positions outside the image count as zero. */
MW_INLINE int32_t mw_conv_2d_s8_window(const struct mw_conv_2d_s8_params *p, const int8_t *image, const int8_t *weights,
                                       int32_t top, int32_t left)
{
    int32_t sum = 0;
    int32_t i;
    int32_t j;
    int32_t k;
    for (i = 0; i < p->kernel_h; i++) {
        const int32_t y = top + i * p->dilation_h;
        if (y < 0 || y >= p->in_h) {
            continue;
        }
        for (j = 0; j < p->kernel_w; j++) {
            const int32_t x = left + j * p->dilation_w;
            const int8_t *pixel;
            const int8_t *filter;
            if (x < 0 || x >= p->in_w) {
                continue;
            }
            pixel = image + (y * p->in_w + x) * p->in_c;
            filter = weights + (i * p->kernel_w + j) * p->group_c;
            for (k = 0; k < p->group_c; k++) {
                sum += (pixel[k] + p->input_offset) * filter[k];
            }
        }
    }
    return sum;
}

MW_KERNEL void mw_conv_2d_s8(const struct mw_conv_2d_s8_params *p, const int8_t *input, int8_t *output,
                             const int8_t *weights, const int32_t *bias, const int32_t *mantissa,
                             const int8_t *exponent)
{
    const int32_t outputs_per_group = p->out_c / (p->in_c / p->group_c);
    const int32_t window = p->kernel_h * p->kernel_w * p->group_c;
    int32_t batch;
    int32_t row;
    int32_t column;
    int32_t channel;
    for (batch = 0; batch < p->batches; batch++) {
        const int8_t *image = input + batch * p->in_h * p->in_w * p->in_c;
        for (row = 0; row < p->out_h; row++) {
            for (column = 0; column < p->out_w; column++) {
                for (channel = 0; channel < p->out_c; channel++) {
                    const int32_t first = channel / outputs_per_group * p->group_c;
                    const int32_t sum =
                        bias[channel] + mw_conv_2d_s8_window(p, image + first, weights + channel * window,
                                                             row * p->stride_h - p->pad_top,
                                                             column * p->stride_w - p->pad_left);
                    const int32_t scaled =
                        mw_requantize(sum, mantissa[channel], exponent[channel], p->rounding) + p->output_offset;
                    *output++ = (int8_t)mw_clamp(scaled, p->low, p->high);
                }
            }
        }
    }
}

#endif
