/* SPDX-License-Identifier: Apache-2.0 */
/* AVERAGE_POOL_2D, int8, with DSP instructions: channels a multiple of 4, windows of at most 255 elements, so that the
 * sums of two channels fit the halves of a word. */
#ifndef MW_AVERAGE_POOL_2D_S8_DSP_H
#define MW_AVERAGE_POOL_2D_S8_DSP_H

#include "mw_average.h"
#include "mw_dsp.h"
#include "mw_window.h"

struct mw_average_pool_2d_s8_dsp_params {
    int32_t batches;
    int32_t in_h;
    int32_t in_w;
    int32_t channels;
    int32_t out_h;
    int32_t out_w;
    int32_t kernel_h;
    int32_t kernel_w;
    int32_t stride_h;
    int32_t stride_w;
    int32_t pad_top;
    int32_t pad_left;
    int32_t low;
    int32_t high;
};

/* Four channels of `rows` rows of `columns` pixels. */
MW_INLINE void mw_average_pool_2d_s8_dsp_four(const struct mw_average_pool_2d_s8_dsp_params *p, const int8_t *input,
                                              int32_t rows, int32_t columns, int8_t *output)
{
    const int32_t count = rows * columns;
    uint32_t even = 0;
    uint32_t odd = 0;
    int32_t i;
    for (i = 0; i < rows; i++) {
        const int8_t *from = input;
        const int8_t *const end = input + columns * p->channels;
        while (from != end) {
            const uint32_t bytes = mw_load_word(from);
            even = mw_sxtab16(even, bytes);
            odd = mw_sxtab16_odd(odd, bytes);
            from += p->channels;
        }
        input += p->in_w * p->channels;
    }
    output[0] = (int8_t)mw_clamp(mw_average(mw_low_half(even), count), p->low, p->high);
    output[1] = (int8_t)mw_clamp(mw_average(mw_low_half(odd), count), p->low, p->high);
    output[2] = (int8_t)mw_clamp(mw_average(mw_high_half(even), count), p->low, p->high);
    output[3] = (int8_t)mw_clamp(mw_average(mw_high_half(odd), count), p->low, p->high);
}

MW_KERNEL void mw_average_pool_2d_s8_dsp(const struct mw_average_pool_2d_s8_dsp_params *p, const int8_t *input,
                                         int8_t *output)
{
    int32_t batch;
    for (batch = 0; batch < p->batches; batch++) {
        int32_t row;
        for (row = 0; row < p->out_h; row++) {
            const int32_t top = mw_inside(row * p->stride_h - p->pad_top, p->in_h);
            const int32_t bottom = mw_inside(row * p->stride_h - p->pad_top + p->kernel_h, p->in_h);
            int32_t column;
            for (column = 0; column < p->out_w; column++) {
                const int32_t left = mw_inside(column * p->stride_w - p->pad_left, p->in_w);
                const int32_t right = mw_inside(column * p->stride_w - p->pad_left + p->kernel_w, p->in_w);
                const int8_t *const from = input + (top * p->in_w + left) * p->channels;
                int32_t i;
                for (i = 0; i < p->channels; i += 4) {
                    mw_average_pool_2d_s8_dsp_four(p, from + i, bottom - top, right - left, output);
                    output += 4;
                }
            }
        }
        input += p->in_h * p->in_w * p->channels;
    }
}

#endif
