/* SPDX-License-Identifier: Apache-2.0 */
/* DEPTHWISE_CONV_2D, int8, with DSP instructions: any window, one filter a channel, channels a multiple of 4, no
 * scratch. Four channels at a time. The sizes come from a table, so that layers of any size share the code.
 * weights [height, width, channels]; channels: start of the accumulator, mantissa and halving of each. */
#ifndef MW_DEPTHWISE_S8_DSP_H
#define MW_DEPTHWISE_S8_DSP_H

#include "mw_dsp.h"
#include "mw_output_s8.h"
#include "mw_window.h"

struct mw_depthwise_s8_dsp_params {
    int32_t low;
    int32_t high;
    int32_t rounding;
    int32_t rectified; /* the output's zero point is its lowest value */
};

/* The part of a window that lies inside: rows and columns of taps, and bytes from tap to tap in data and weights. */
struct mw_depthwise_s8_dsp_window {
    int32_t rows;
    int32_t columns;
    int32_t input_row;
    int32_t input_column;
    int32_t weights_row;
    int32_t weights_column;
};

/* Adds a window of four channels to their sums. */
MW_INLINE void mw_depthwise_s8_dsp_sum(const struct mw_depthwise_s8_dsp_window *window, const int8_t *input,
                                       const int8_t *weights, uint32_t offset, int32_t *sums)
{
    int32_t sum0 = sums[0];
    int32_t sum1 = sums[1];
    int32_t sum2 = sums[2];
    int32_t sum3 = sums[3];
    int32_t i;
    for (i = 0; i < window->rows; i++) {
        const int8_t *from = input;
        const int8_t *filter = weights;
        const int8_t *const end = weights + window->columns * window->weights_column;
        while (filter != end) {
            const uint32_t bytes = mw_load_word(from);
            const uint32_t taps = mw_load_word(filter);
            const uint32_t even = mw_sxtab16(offset, bytes);
            const uint32_t odd = mw_sxtab16_odd(offset, bytes);
            const uint32_t taps_even = mw_sxtb16(taps);
            const uint32_t taps_odd = mw_sxtb16_odd(taps);
            sum0 = mw_mac(sum0, mw_low_half(even), mw_low_half(taps_even));
            sum1 = mw_mac(sum1, mw_low_half(odd), mw_low_half(taps_odd));
            sum2 = mw_mac(sum2, mw_high_half(even), mw_high_half(taps_even));
            sum3 = mw_mac(sum3, mw_high_half(odd), mw_high_half(taps_odd));
            from += window->input_column;
            filter += window->weights_column;
        }
        input += window->input_row;
        weights += window->weights_row;
    }
    sums[0] = sum0;
    sums[1] = sum1;
    sums[2] = sum2;
    sums[3] = sum3;
}

/* All channels of one pixel. */
MW_INLINE void mw_depthwise_s8_dsp_pixel(const struct mw_output_s8 *range,
                                         const struct mw_depthwise_s8_dsp_window *window, const int8_t *input,
                                         const int8_t *weights, uint32_t offset, const int32_t *channels,
                                         int8_t *output, int32_t count)
{
    int32_t i;
    for (; count > 0; count -= 4) {
        int32_t sums[4];
        for (i = 0; i < 4; i++) {
            sums[i] = channels[3 * i];
        }
        mw_depthwise_s8_dsp_sum(window, input, weights, offset, sums);
        for (i = 0; i < 4; i++) {
            *output++ = mw_output_s8_of(range, sums[i], 0, channels[1], channels[2]);
            channels += 3;
        }
        input += 4;
        weights += 4;
    }
}

/* shape: batches, in_h, in_w, channels, out_h, out_w, kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w,
 * pad_top, pad_left, minus the input's zero point, the output's zero point. */
MW_KERNEL void mw_depthwise_s8_dsp(const struct mw_depthwise_s8_dsp_params *p, const int8_t *input, int8_t *output,
                                   const int32_t *shape, const int8_t *weights, const int32_t *channels)
{
    const struct mw_output_s8 range = {shape[15], p->low, p->high, p->rounding, p->rectified};
    const uint32_t offset = mw_pkhbt((uint32_t)shape[14], (uint32_t)shape[14]);
    const int32_t count = shape[3];
    struct mw_depthwise_s8_dsp_window window;
    int32_t batch;
    window.input_row = shape[10] * shape[2] * count;
    window.input_column = shape[11] * count;
    window.weights_row = shape[7] * count;
    window.weights_column = count;
    for (batch = 0; batch < shape[0]; batch++) {
        int32_t row;
        for (row = 0; row < shape[4]; row++) {
            const int32_t top = row * shape[8] - shape[12];
            const int32_t first = mw_first_tap(top, shape[10]);
            int32_t column;
            window.rows = mw_end_tap(top, shape[1], shape[6], shape[10]) - first;
            for (column = 0; column < shape[5]; column++) {
                const int32_t left = column * shape[9] - shape[13];
                const int32_t start = mw_first_tap(left, shape[11]);
                const int32_t y = top + first * shape[10];
                const int32_t x = left + start * shape[11];
                window.columns = mw_end_tap(left, shape[2], shape[7], shape[11]) - start;
                if (window.columns <= 0) {
                    window.columns = 0;
                }
                mw_depthwise_s8_dsp_pixel(&range, &window, input + (y * shape[2] + x) * count,
                                          weights + (first * shape[7] + start) * count, offset, channels, output,
                                          count);
                output += count;
            }
        }
        input += shape[1] * shape[2] * count;
    }
}

#endif
