/* SPDX-License-Identifier: Apache-2.0 */
/* CONV_2D, int8, with DSP instructions: any window without horizontal dilation, no groups. The sizes come from a
 * table, so that layers of any size share the code.
 * scratch: two windows of 16-bit numbers, then the bytes of one row of a window. */
#ifndef MW_CONV_S8_DSP_H
#define MW_CONV_S8_DSP_H

#include "mw_gather_s8.h"
#include "mw_tile_s8.h"
#include "mw_window.h"

struct mw_conv_s8_dsp_params {
    int32_t low;
    int32_t high;
    int32_t rounding;
    int32_t rectified; /* the output's zero point is its lowest value */
    int32_t packed;
    int32_t unroll; /* words of weights per turn of the inner loop */
    int32_t whole; /* input channels are a multiple of 4 */
    int32_t odd; /* an odd number of filters */
};

/* The table: sizes, and minus the input's zero point. */
struct mw_conv_s8_dsp_shape {
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
    int32_t words;
    int32_t input_offset;
};

MW_INLINE struct mw_conv_s8_dsp_shape mw_conv_s8_dsp_shape_of(const int32_t *table)
{
    struct mw_conv_s8_dsp_shape shape;
    shape.batches = table[0];
    shape.in_h = table[1];
    shape.in_w = table[2];
    shape.in_c = table[3];
    shape.out_h = table[4];
    shape.out_w = table[5];
    shape.out_c = table[6];
    shape.kernel_h = table[7];
    shape.kernel_w = table[8];
    shape.stride_h = table[9];
    shape.stride_w = table[10];
    shape.dilation_h = table[11];
    shape.pad_top = table[12];
    shape.pad_left = table[13];
    shape.words = table[14];
    shape.input_offset = table[15];
    return shape;
}

/* One row of a window, bytes first..end - 1 of which lie inside; from: the byte `first`. */
MW_INLINE uint32_t *mw_conv_s8_dsp_row(const struct mw_conv_s8_dsp_shape *s, int32_t whole, const int8_t *from,
                                       int32_t first, int32_t end, int8_t *staging, uint32_t *to)
{
    const uint32_t offset = mw_pkhbt((uint32_t)s->input_offset, (uint32_t)s->input_offset);
    const int32_t count = s->kernel_w * s->in_c;
    if (whole != 0) {
        to = mw_gather_s8_zeros(first, to);
        to = mw_gather_s8_bytes(from, (end - first) & ~3, offset, to);
        return mw_gather_s8_zeros(count - end, to);
    }
    if (end - first != count) {
        mw_gather_s8_staged(from, first, end, count, s->input_offset, staging);
        from = staging;
    }
    return mw_gather_s8_bytes(from, count, offset, to);
}

/* The window whose top left element stands at row top and column left. */
MW_INLINE void mw_conv_s8_dsp_window(const struct mw_conv_s8_dsp_shape *s, int32_t whole, const int8_t *image,
                                     int32_t top, int32_t left, int8_t *staging, uint32_t *to)
{
    const int32_t first = mw_first_tap(left, 1) * s->in_c;
    const int32_t end = mw_end_tap(left, s->in_w, s->kernel_w, 1) * s->in_c;
    const int32_t pitch = s->in_w * s->in_c;
    int32_t i;
    for (i = 0; i < s->kernel_h; i++) {
        if (top < 0 || top >= s->in_h || first >= end) {
            to = mw_gather_s8_zeros(s->kernel_w * s->in_c, to);
        } else {
            const int8_t *const from = image + top * pitch + left * s->in_c + first;
            to = mw_conv_s8_dsp_row(s, whole, from, first, end, staging, to);
        }
        top += s->dilation_h;
    }
}

/* shape: see the structure, then the output's zero point. */
MW_KERNEL void mw_conv_s8_dsp(const struct mw_conv_s8_dsp_params *p, const int8_t *input, int8_t *output,
                              uint32_t *scratch, const int32_t *shape, const uint32_t *weights,
                              const int32_t *channels)
{
    const struct mw_output_s8 range = {shape[16], p->low, p->high, p->rounding, p->rectified};
    const struct mw_conv_s8_dsp_shape s = mw_conv_s8_dsp_shape_of(shape);
    int8_t *const staging = (int8_t *)(scratch + 2 * s.words);
    int32_t left = s.batches * s.out_h * s.out_w;
    int32_t row = 0;
    int32_t column = 0;
    while (left > 0) {
        /* The last of an odd number of pixels is computed twice. */
        const int32_t pair = left > 1 ? 1 : 0;
        int32_t i;
        for (i = 0; i < 2; i++) {
            mw_conv_s8_dsp_window(&s, p->whole, input, row * s.stride_h - s.pad_top,
                                  column * s.stride_w - s.pad_left, staging, scratch + i);
            column += pair;
            if (column == s.out_w) {
                column = 0;
                row++;
            }
            if (row == s.out_h) {
                row = 0;
                input += s.in_h * s.in_w * s.in_c;
            }
        }
        mw_tile_s8_pixels(&range, p->packed, p->unroll, scratch, s.words, weights, channels, output,
                          output + pair * s.out_c, s.out_c, p->odd);
        output += 2 * s.out_c;
        left -= 2;
    }
}

#endif
