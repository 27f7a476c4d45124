/* SPDX-License-Identifier: Apache-2.0 */
/* CONV_2D, int8, with DSP instructions: any window without horizontal dilation, no groups.
 * scratch: two windows of 16-bit numbers. */
#ifndef MW_CONV_S8_DSP_H
#define MW_CONV_S8_DSP_H

#include "mw_gather_s8.h"
#include "mw_tile_s8.h"
#include "mw_window.h"

struct mw_conv_s8_dsp_params {
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
    int32_t pad_top;
    int32_t pad_left;
    int32_t words; /* of weights for two filters, two inputs each */
    int32_t input_offset; /* minus the input's zero point */
    int32_t output_offset;
    int32_t low;
    int32_t high;
    int32_t rounding;
    int32_t packed;
    int32_t unroll; /* words of weights per turn of the inner loop */
    int32_t odd; /* an odd number of filters */
};

/* One row of a window, columns first..end - 1 of which lie inside; from: column `first`. */
MW_INLINE uint32_t *mw_conv_s8_dsp_row(const struct mw_conv_s8_dsp_params *p, const int8_t *from, int32_t first,
                                       int32_t end, uint32_t *to)
{
    const uint32_t offset = mw_pkhbt((uint32_t)p->input_offset, (uint32_t)p->input_offset);
    const int32_t count = p->kernel_w * p->in_c;
    if ((p->in_c & 3) == 0) {
        to = mw_gather_s8_zeros(first * p->in_c, to);
        to = mw_gather_s8_words(from, (end - first) * p->in_c, offset, to);
        return mw_gather_s8_zeros((p->kernel_w - end) * p->in_c, to);
    }
    if (end - first != p->kernel_w) {
        return mw_gather_s8_clipped(from, first * p->in_c, end * p->in_c, count, p->input_offset, to);
    }
    if ((count & 3) == 0) {
        return mw_gather_s8_words(from, count, offset, to);
    }
    return mw_gather_s8_bytes(from, count, p->input_offset, to);
}

/* The window whose top left element stands at row top and column left. */
MW_INLINE void mw_conv_s8_dsp_window(const struct mw_conv_s8_dsp_params *p, const int8_t *image, int32_t top,
                                     int32_t left, uint32_t *to)
{
    const int32_t first = mw_first_tap(left, 1);
    const int32_t end = mw_end_tap(left, p->in_w, p->kernel_w, 1);
    int32_t i;
    for (i = 0; i < p->kernel_h; i++) {
        const int32_t row = top + i * p->dilation_h;
        if (row < 0 || row >= p->in_h || first >= end) {
            to = mw_gather_s8_zeros(p->kernel_w * p->in_c, to);
        } else {
            to = mw_conv_s8_dsp_row(p, image + (row * p->in_w + left + first) * p->in_c, first, end, to);
        }
    }
}

MW_KERNEL void mw_conv_s8_dsp(const struct mw_conv_s8_dsp_params *p, const int8_t *input, int8_t *output,
                              uint32_t *scratch, const uint32_t *weights, const int32_t *channels)
{
    const struct mw_output_s8 range = {p->output_offset, p->low, p->high, p->rounding};
    int32_t left = p->batches * p->out_h * p->out_w;
    int32_t row = 0;
    int32_t column = 0;
    while (left > 0) {
        /* The last of an odd number of pixels is computed twice. */
        const int32_t pair = left > 1 ? 1 : 0;
        int32_t i;
        for (i = 0; i < 2; i++) {
            mw_conv_s8_dsp_window(p, input, row * p->stride_h - p->pad_top, column * p->stride_w - p->pad_left,
                                  scratch + i);
            column += pair;
            if (column == p->out_w) {
                column = 0;
                row++;
            }
            if (row == p->out_h) {
                row = 0;
                input += p->in_h * p->in_w * p->in_c;
            }
        }
        mw_tile_s8_pixels(&range, p->packed, p->unroll, scratch, p->words, weights, channels, output,
                          output + pair * p->out_c, p->out_c, p->odd);
        output += 2 * p->out_c;
        left -= 2;
    }
}

#endif
