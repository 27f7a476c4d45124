/* SPDX-License-Identifier: Apache-2.0 */
/* DEPTHWISE_CONV_2D 3x3, int8, with DSP instructions, no scratch. The sizes come from a table, so that layers of any
 * size share the code.
 *
 * One channel of one output row at a time, from left to right: each new column of three inputs enters the sums of all
 * outputs that it touches, two of its inputs in one SMLAD. Columns and rows outside hold the zero point, which the
 * bias takes back with that of all other inputs; rows outside get weights of 0 instead.
 *
 * channels, five words each: bytes w00 w01 w10 w11; w02 w20 w12 w21; w22 and, from bit 16, the halving; the bias minus
 * zero point times the nine weights; the mantissa. shape: batches, in_h, in_w, channels, out_h, out_w, pad_top. */
#ifndef MW_DEPTHWISE_3X3_S8_DSP_H
#define MW_DEPTHWISE_3X3_S8_DSP_H

#include "mw_dsp.h"
#include "mw_output_s8.h"

struct mw_depthwise_3x3_s8_dsp_params {
    int32_t zero_point; /* of the input */
    int32_t stride_h;
    int32_t stride_w; /* 1 or 2 */
    int32_t pad_left; /* 0 or 1 */
    int32_t pad_right; /* 1 when the last window's last column lies outside */
    int32_t output_offset;
    int32_t low;
    int32_t high;
    int32_t rounding;
};

/* Pairs of weights of rows 0 and 1, for columns 0 to 2; those of row 2 for columns 0 and 1, and for column 2. */
struct mw_depthwise_3x3_s8_dsp_taps {
    uint32_t pair0;
    uint32_t pair1;
    uint32_t pair2;
    uint32_t below01;
    int32_t below2;
    int32_t bias;
};

/* One column of the window: rows 0 and 1 as a pair, and row 2. */
struct mw_depthwise_3x3_s8_dsp_column {
    uint32_t pair;
    int32_t below;
};

typedef struct mw_depthwise_3x3_s8_dsp_taps mw_depthwise_3x3_s8_dsp_taps;
typedef struct mw_depthwise_3x3_s8_dsp_column mw_depthwise_3x3_s8_dsp_column;

/* rows: bit 0 when row 0 lies outside, bit 1 when row 2 does. */
MW_INLINE void mw_depthwise_3x3_s8_dsp_load(mw_depthwise_3x3_s8_dsp_taps *taps, const int32_t *channel, int32_t rows,
                                            int32_t zero_point)
{
    const uint32_t second = (uint32_t)channel[1];
    taps->pair0 = mw_sxtb16((uint32_t)channel[0]);
    taps->pair1 = mw_sxtb16_odd((uint32_t)channel[0]);
    taps->pair2 = mw_sxtb16(second);
    taps->below01 = mw_sxtb16_odd(second);
    taps->below2 = mw_low_half((uint32_t)channel[2]);
    taps->bias = channel[3];
    if (rows != 0) {
        if ((rows & 1) != 0) {
            taps->bias += zero_point * (mw_low_half(taps->pair0) + mw_low_half(taps->pair1) + mw_low_half(taps->pair2));
            taps->pair0 &= 0xFFFF0000u;
            taps->pair1 &= 0xFFFF0000u;
            taps->pair2 &= 0xFFFF0000u;
        }
        if ((rows & 2) != 0) {
            taps->bias += zero_point * (mw_low_half(taps->below01) + mw_high_half(taps->below01) + taps->below2);
            taps->below01 = 0;
            taps->below2 = 0;
        }
    }
}

MW_INLINE int32_t mw_depthwise_3x3_s8_dsp_first(const mw_depthwise_3x3_s8_dsp_taps *taps,
                                                mw_depthwise_3x3_s8_dsp_column column, int32_t sum)
{
    return mw_mac(mw_smlad(taps->pair0, column.pair, sum), mw_low_half(taps->below01), column.below);
}

MW_INLINE int32_t mw_depthwise_3x3_s8_dsp_middle(const mw_depthwise_3x3_s8_dsp_taps *taps,
                                                 mw_depthwise_3x3_s8_dsp_column column, int32_t sum)
{
    return mw_mac(mw_smlad(taps->pair1, column.pair, sum), mw_high_half(taps->below01), column.below);
}

MW_INLINE int32_t mw_depthwise_3x3_s8_dsp_last(const mw_depthwise_3x3_s8_dsp_taps *taps,
                                               mw_depthwise_3x3_s8_dsp_column column, int32_t sum)
{
    return mw_mac(mw_smlad(taps->pair2, column.pair, sum), taps->below2, column.below);
}

/* The column at `input` and the rows at the given distances from it. */
MW_INLINE mw_depthwise_3x3_s8_dsp_column mw_depthwise_3x3_s8_dsp_read(const int8_t *input, int32_t second,
                                                                      int32_t third)
{
    mw_depthwise_3x3_s8_dsp_column column;
    column.pair = mw_pkhbt((uint32_t)(int32_t)input[0], (uint32_t)(int32_t)input[second]);
    column.below = input[third];
    return column;
}

/* One output row of one channel. input: the first column inside. */
MW_INLINE void mw_depthwise_3x3_s8_dsp_line(const struct mw_depthwise_3x3_s8_dsp_params *p, const int8_t *input,
                                            int32_t second, int32_t third, int8_t *output, int32_t out_w, int32_t step,
                                            const int32_t *channel, int32_t rows)
{
    const struct mw_output_s8 range = {p->output_offset, p->low, p->high, p->rounding};
    const int32_t halving = channel[2] >> 16;
    const int32_t mantissa = channel[4];
    const int8_t *const stop = output + (out_w - p->pad_right) * step;
    mw_depthwise_3x3_s8_dsp_taps taps;
    mw_depthwise_3x3_s8_dsp_column column;
    int32_t ready; /* lacks the last column (stride 1) or the last two */
    int32_t begun; /* stride 1: lacks the last two columns */
    mw_depthwise_3x3_s8_dsp_load(&taps, channel, rows, p->zero_point);
    column.pair = mw_pkhbt((uint32_t)p->zero_point, (uint32_t)p->zero_point);
    column.below = p->zero_point;
    if (p->pad_left == 0) {
        column = mw_depthwise_3x3_s8_dsp_read(input, second, third);
        input += step;
    }
    ready = mw_depthwise_3x3_s8_dsp_first(&taps, column, taps.bias);
    begun = 0;
    if (p->stride_w == 1) {
        column = mw_depthwise_3x3_s8_dsp_read(input, second, third);
        input += step;
        ready = mw_depthwise_3x3_s8_dsp_middle(&taps, column, ready);
        begun = mw_depthwise_3x3_s8_dsp_first(&taps, column, taps.bias);
    }
    while (output != stop) {
        column = mw_depthwise_3x3_s8_dsp_read(input, second, third);
        input += step;
        if (p->stride_w == 1) {
            const int32_t sum = mw_depthwise_3x3_s8_dsp_last(&taps, column, ready);
            ready = mw_depthwise_3x3_s8_dsp_middle(&taps, column, begun);
            begun = mw_depthwise_3x3_s8_dsp_first(&taps, column, taps.bias);
            *output = mw_output_s8_of(&range, sum, 0, mantissa, halving);
        } else {
            int32_t sum = mw_depthwise_3x3_s8_dsp_middle(&taps, column, ready);
            column = mw_depthwise_3x3_s8_dsp_read(input, second, third);
            input += step;
            sum = mw_depthwise_3x3_s8_dsp_last(&taps, column, sum);
            ready = mw_depthwise_3x3_s8_dsp_first(&taps, column, taps.bias);
            *output = mw_output_s8_of(&range, sum, 0, mantissa, halving);
        }
        output += step;
    }
    if (p->pad_right != 0) {
        if (p->stride_w == 2) {
            ready = mw_depthwise_3x3_s8_dsp_middle(&taps, mw_depthwise_3x3_s8_dsp_read(input, second, third), ready);
        }
        column.pair = mw_pkhbt((uint32_t)p->zero_point, (uint32_t)p->zero_point);
        column.below = p->zero_point;
        ready = mw_depthwise_3x3_s8_dsp_last(&taps, column, ready);
        *output = mw_output_s8_of(&range, ready, 0, mantissa, halving);
    }
}

MW_KERNEL void mw_depthwise_3x3_s8_dsp(const struct mw_depthwise_3x3_s8_dsp_params *p, const int8_t *input,
                                       int8_t *output, const int32_t *shape, const int32_t *channels)
{
    const int32_t in_h = shape[1];
    const int32_t step = shape[3];
    const int32_t pitch = shape[2] * step;
    int32_t batch;
    for (batch = 0; batch < shape[0]; batch++) {
        int32_t top = -shape[6];
        int32_t row;
        for (row = 0; row < shape[4]; row++) {
            const int32_t rows = (top < 0 ? 1 : 0) + (top + 2 < in_h ? 0 : 2);
            /* A row outside is read where its neighbour is; its weights are 0. */
            const int8_t *first = input + (top < 0 ? 0 : top) * pitch;
            const int32_t second = top < 0 ? 0 : pitch;
            const int32_t third = second + (top + 2 < in_h ? pitch : 0);
            int32_t channel;
            for (channel = 0; channel < step; channel++) {
                mw_depthwise_3x3_s8_dsp_line(p, first + channel, second, third, output + channel, shape[5], step,
                                             channels + 5 * channel, rows);
            }
            output += shape[5] * step;
            top += p->stride_h;
        }
        input += in_h * pitch;
    }
}

#endif
