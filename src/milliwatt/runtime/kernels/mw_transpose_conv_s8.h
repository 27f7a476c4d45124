/* SPDX-License-Identifier: Apache-2.0 */
/* TRANSPOSE_CONV, int8: the portable form, no scratch.
 * input NHWC, weights OHWI, output NHWC. Each output gathers the taps that scatter to it, so that no accumulators
 * are kept: tap i of output y comes from input (y + pad - i) / stride where that divides. */
#ifndef MW_TRANSPOSE_CONV_S8_H
#define MW_TRANSPOSE_CONV_S8_H

#include "mw_requantize.h"

struct mw_transpose_conv_s8_params {
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
    int32_t pad_top;
    int32_t pad_left;
    int32_t input_offset; /* minus the input's zero point */
    int32_t output_offset;
    int32_t low;
    int32_t high;
    int32_t rounding;
};

/* One row of the filter: taps column % stride, + stride, ... of inputs column / stride, - 1, ... */
MW_INLINE int32_t mw_transpose_conv_s8_row(const struct mw_transpose_conv_s8_params *p, const int8_t *row,
                                           const int8_t *weights, int32_t column)
{
    int32_t x = column / p->stride_w;
    int32_t sum = 0;
    int32_t j;
    int32_t k;
    for (j = column % p->stride_w; j < p->kernel_w && x >= 0; j += p->stride_w) {
        if (x < p->in_w) {
            const int8_t *pixel = row + x * p->in_c;
            const int8_t *filter = weights + j * p->in_c;
            for (k = 0; k < p->in_c; k++) {
                sum = mw_mac(sum, pixel[k] + p->input_offset, filter[k]);
            }
        }
        x--;
    }
    return sum;
}

/* The sum of all taps for one output; row and column include the padding. */
MW_INLINE int32_t mw_transpose_conv_s8_taps(const struct mw_transpose_conv_s8_params *p, const int8_t *image,
                                            const int8_t *weights, int32_t row, int32_t column)
{
    int32_t y = row / p->stride_h;
    int32_t sum = 0;
    int32_t i;
    for (i = row % p->stride_h; i < p->kernel_h && y >= 0; i += p->stride_h) {
        if (y < p->in_h) {
            const int8_t *from = image + y * p->in_w * p->in_c;
            const int32_t part = mw_transpose_conv_s8_row(p, from, weights + i * p->kernel_w * p->in_c, column);
            sum = mw_add_wrapping(sum, part);
        }
        y--;
    }
    return sum;
}

/* The bias, the rescaling and the activation of one output. */
MW_INLINE int8_t mw_transpose_conv_s8_finish(const struct mw_transpose_conv_s8_params *p, int32_t sum, int32_t bias,
                                             int32_t mantissa, int32_t exponent)
{
    const int32_t scaled = mw_requantize(mw_add_wrapping(sum, bias), mantissa, exponent, p->rounding);
    return (int8_t)mw_clamp_offset(scaled, p->output_offset, p->low, p->high);
}

MW_KERNEL void mw_transpose_conv_s8(const struct mw_transpose_conv_s8_params *p, const int8_t *input, int8_t *output,
                                    const int8_t *weights, const int32_t *bias, const int32_t *mantissa,
                                    const int8_t *exponent)
{
    const int32_t window = p->kernel_h * p->kernel_w * p->in_c;
    int32_t batch;
    int32_t row;
    int32_t column;
    int32_t channel;
    for (batch = 0; batch < p->batches; batch++) {
        for (row = 0; row < p->out_h; row++) {
            for (column = 0; column < p->out_w; column++) {
                for (channel = 0; channel < p->out_c; channel++) {
                    const int32_t sum = mw_transpose_conv_s8_taps(p, input, weights + channel * window,
                                                                  row + p->pad_top, column + p->pad_left);
                    *output++ = mw_transpose_conv_s8_finish(p, sum, bias[channel], mantissa[channel],
                                                            exponent[channel]);
                }
            }
        }
        input += p->in_h * p->in_w * p->in_c;
    }
}

#endif
