/* SPDX-License-Identifier: Apache-2.0 */
/* TRANSPOSE_CONV, int16 data and int8 filter: the portable form, no scratch.
 * input NHWC, weights OHWI, output NHWC. Each output gathers the taps that scatter to it, so that no accumulators
 * are kept: tap i of output y comes from input (y + pad - i) / stride where that divides. */
#ifndef MW_TRANSPOSE_CONV_S16_H
#define MW_TRANSPOSE_CONV_S16_H

#include "mw_requantize_wide.h"

struct mw_transpose_conv_s16_params {
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
    int32_t low;
    int32_t high;
    int32_t rounding;
    int32_t wide; /* 64-bit accumulators, else they wrap to 32 bits */
};

/* One row of the filter: taps column % stride, + stride, ... of inputs column / stride, - 1, ... */
MW_INLINE int64_t mw_transpose_conv_s16_row(const struct mw_transpose_conv_s16_params *p, const int16_t *row,
                                            const int8_t *weights, int32_t column)
{
    int32_t x = column / p->stride_w;
    int64_t sum = 0;
    int32_t j;
    int32_t k;
    for (j = column % p->stride_w; j < p->kernel_w && x >= 0; j += p->stride_w) {
        if (x < p->in_w) {
            const int16_t *pixel = row + x * p->in_c;
            const int8_t *filter = weights + j * p->in_c;
            for (k = 0; k < p->in_c; k++) {
                sum += (int32_t)pixel[k] * filter[k];
            }
        }
        x--;
    }
    return sum;
}

/* The sum of all taps for one output; row and column include the padding. */
MW_INLINE int64_t mw_transpose_conv_s16_taps(const struct mw_transpose_conv_s16_params *p, const int16_t *image,
                                             const int8_t *weights, int32_t row, int32_t column)
{
    int32_t y = row / p->stride_h;
    int64_t sum = 0;
    int32_t i;
    for (i = row % p->stride_h; i < p->kernel_h && y >= 0; i += p->stride_h) {
        if (y < p->in_h) {
            const int16_t *from = image + y * p->in_w * p->in_c;
            const int64_t part = mw_transpose_conv_s16_row(p, from, weights + i * p->kernel_w * p->in_c, column);
            sum = sum + part;
        }
        y--;
    }
    return sum;
}

/* The bias, the rescaling and the activation of one output. */
MW_INLINE int16_t mw_transpose_conv_s16_finish(const struct mw_transpose_conv_s16_params *p, int64_t sum,
                                               int32_t mantissa, int32_t exponent)
{
    const int32_t scaled = p->wide != 0 ? mw_requantize_wide(sum, mantissa, exponent, p->rounding)
                                        : mw_requantize(mw_wrap_32(sum), mantissa, exponent, p->rounding);
    return (int16_t)mw_clamp(scaled, p->low, p->high);
}

MW_KERNEL void mw_transpose_conv_s16(const struct mw_transpose_conv_s16_params *p, const int16_t *input,
                                     int16_t *output, const int8_t *weights, const int64_t *bias,
                                     const int32_t *mantissa, const int8_t *exponent)
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
                    const int64_t sum = mw_transpose_conv_s16_taps(p, input, weights + channel * window,
                                                                   row + p->pad_top, column + p->pad_left);
                    *output++ = mw_transpose_conv_s16_finish(p, sum + bias[channel], mantissa[channel],
                                                             exponent[channel]);
                }
            }
        }
        input += p->in_h * p->in_w * p->in_c;
    }
}

#endif
