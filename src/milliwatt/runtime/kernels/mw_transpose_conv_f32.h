/* SPDX-License-Identifier: Apache-2.0 */
/* TRANSPOSE_CONV, float32: the portable form, no scratch.
 * input NHWC, weights OHWI, output NHWC. Each output gathers the taps that scatter to it, so that no accumulators
 * are kept: tap i of output y comes from input (y + pad - i) / stride where that divides. */
#ifndef MW_TRANSPOSE_CONV_F32_H
#define MW_TRANSPOSE_CONV_F32_H

#include "mw_clamp_f32.h"

struct mw_transpose_conv_f32_params {
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
    float low;
    float high;
};

/* One row of the filter: taps column % stride, + stride, ... of inputs column / stride, - 1, ... */
MW_INLINE float mw_transpose_conv_f32_row(const struct mw_transpose_conv_f32_params *p, const float *row,
                                          const float *weights, int32_t column)
{
    int32_t x = column / p->stride_w;
    float sum = 0.0f;
    int32_t j;
    int32_t k;
    for (j = column % p->stride_w; j < p->kernel_w && x >= 0; j += p->stride_w) {
        if (x < p->in_w) {
            const float *pixel = row + x * p->in_c;
            const float *filter = weights + j * p->in_c;
            for (k = 0; k < p->in_c; k++) {
                sum += pixel[k] * filter[k];
            }
        }
        x--;
    }
    return sum;
}

/* The sum of all taps for one output; row and column include the padding. */
MW_INLINE float mw_transpose_conv_f32_taps(const struct mw_transpose_conv_f32_params *p, const float *image,
                                           const float *weights, int32_t row, int32_t column)
{
    int32_t y = row / p->stride_h;
    float sum = 0.0f;
    int32_t i;
    for (i = row % p->stride_h; i < p->kernel_h && y >= 0; i += p->stride_h) {
        if (y < p->in_h) {
            const float *from = image + y * p->in_w * p->in_c;
            const float part = mw_transpose_conv_f32_row(p, from, weights + i * p->kernel_w * p->in_c, column);
            sum = sum + part;
        }
        y--;
    }
    return sum;
}

MW_KERNEL void mw_transpose_conv_f32(const struct mw_transpose_conv_f32_params *p, const float *input, float *output,
                                     const float *weights, const float *bias)
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
                    const float sum = mw_transpose_conv_f32_taps(p, input, weights + channel * window,
                                                                 row + p->pad_top, column + p->pad_left);
                    *output++ = mw_clamp_f32(sum + bias[channel], p->low, p->high);
                }
            }
        }
        input += p->in_h * p->in_w * p->in_c;
    }
}

#endif
