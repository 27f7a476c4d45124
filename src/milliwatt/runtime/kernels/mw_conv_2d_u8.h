/* SPDX-License-Identifier: Apache-2.0 */
/* CONV_2D, uint8: the portable form, no scratch.
 * input NHWC, weights OHWI, output NHWC, any geometry, grouped. */
#ifndef MW_CONV_2D_U8_H
#define MW_CONV_2D_U8_H

#include "mw_requantize.h"
#include "mw_window.h"

struct mw_conv_2d_u8_params {
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
    int32_t filter_offset; /* minus the filter's zero point */
    int32_t output_offset;
    int32_t mantissa;
    int32_t exponent;
    int32_t low;
    int32_t high;
    int32_t rounding;
};

/* The sum over the part of one window that lies inside, for one output channel. */
MW_INLINE int32_t mw_conv_2d_u8_window(const struct mw_conv_2d_u8_params *p, const uint8_t *image,
                                       const uint8_t *weights, int32_t top, int32_t left)
{
    const int32_t first = mw_first_tap(left, p->dilation_w);
    const int32_t end = mw_end_tap(left, p->in_w, p->kernel_w, p->dilation_w);
    const int32_t bottom = mw_end_tap(top, p->in_h, p->kernel_h, p->dilation_h);
    int32_t sum = 0;
    int32_t i;
    int32_t j;
    int32_t k;
    for (i = mw_first_tap(top, p->dilation_h); i < bottom; i++) {
        for (j = first; j < end; j++) {
            const uint8_t *pixel =
                image + ((top + i * p->dilation_h) * p->in_w + left + j * p->dilation_w) * p->in_c;
            const uint8_t *filter = weights + (i * p->kernel_w + j) * p->group_c;
            for (k = 0; k < p->group_c; k++) {
                sum = mw_mac(sum, pixel[k] + p->input_offset, filter[k] + p->filter_offset);
            }
        }
    }
    return sum;
}

/* The bias, the rescaling and the activation of one output. */
MW_INLINE uint8_t mw_conv_2d_u8_finish(const struct mw_conv_2d_u8_params *p, int32_t sum, int32_t bias)
{
    const int32_t scaled = mw_requantize(mw_add_wrapping(sum, bias), p->mantissa, p->exponent, p->rounding);
    return (uint8_t)mw_clamp_offset(scaled, p->output_offset, p->low, p->high);
}

MW_KERNEL void mw_conv_2d_u8(const struct mw_conv_2d_u8_params *p, const uint8_t *input, uint8_t *output,
                             const uint8_t *weights, const int32_t *bias)
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
                    const int32_t sum = mw_conv_2d_u8_window(p, input + first, weights + channel * window, top, left);
                    *output++ = mw_conv_2d_u8_finish(p, sum, bias[channel]);
                }
            }
        }
        input += p->in_h * p->in_w * p->in_c;
    }
}

#endif
