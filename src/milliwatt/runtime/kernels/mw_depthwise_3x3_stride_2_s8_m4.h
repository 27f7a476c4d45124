/* SPDX-License-Identifier: Apache-2.0 */
/* DEPTHWISE_CONV_2D 3x3 with stride 2, int8, by bands of output rows: all channels of a band, then the next band.
 * Columns and rows outside hold the zero point.
 *
 * A band has five words: bytes from the image to the row where it begins to read, bytes from the output to its first
 * row, output rows whose lowest row lies inside, whether the first of them begins above the image, and whether one
 * more follows whose lowest row lies outside. Where the first begins above, the band begins to read one row later.
 * A channel has seven words, weights as pairs of 16 bits, the first one low, scaled by a power of two:
 * (w00, w01), (w10, w11), (w20, w21), (w02, w12), (own, w22), bias less zero point times the sum of all weights, and
 * the mantissa; for `own` see mw_short_rescale.h. */
#ifndef MW_DEPTHWISE_3X3_STRIDE_2_S8_M4_H
#define MW_DEPTHWISE_3X3_STRIDE_2_S8_M4_H

#include "mw_dsp.h"
#include "mw_short_rescale.h"

struct mw_depthwise_3x3_stride_2_s8_m4_params {
    int32_t batches;
    int32_t bands;
    int32_t channels;
    int32_t in_columns;
    int32_t out_columns; /* 2 or more */
    int32_t in_row;      /* bytes of a row, and so on */
    int32_t out_row;
    int32_t in_image;
    int32_t out_image;
    int32_t pad_top;    /* whether the first window reaches a row above */
    int32_t pad_left;   /* whether it reaches a column outside, 0 or 1 */
    int32_t pad_bottom; /* whether the last one does */
    int32_t pad_right;
    int32_t zero_point; /* of the input */
    int32_t base;
    int32_t shift;
    int32_t rounded;
    int32_t negative;
    int32_t low;
    int32_t high;
};

/* Where the windows of a band's row are: NULL for a row outside. */
struct mw_depthwise_3x3_stride_2_s8_m4_rows {
    const int8_t *row[3];
};

MW_INLINE int32_t mw_depthwise_3x3_stride_2_s8_m4_sum(const struct mw_depthwise_3x3_stride_2_s8_m4_params *p,
                                                      const struct mw_depthwise_3x3_stride_2_s8_m4_rows *rows,
                                                      int32_t column, const int32_t *record)
{
    int32_t sum = record[5];
    int32_t i;
    for (i = 0; i < 3; i++) {
        const uint32_t pair = (uint32_t)record[i];
        const uint32_t third = (uint32_t)record[3 + i / 2];
        const int32_t weights[3] = {mw_low_half(pair), mw_high_half(pair),
                                    i == 0 ? mw_low_half(third) : mw_high_half(third)};
        int32_t j;
        for (j = 0; j < 3; j++) {
            const int32_t at = 2 * column - p->pad_left + j;
            const int32_t inside = rows->row[i] != NULL && at >= 0 && at < p->in_columns;
            sum = mw_mac(sum, weights[j], inside ? rows->row[i][at * p->channels] : p->zero_point);
        }
    }
    return sum;
}

MW_INLINE void mw_depthwise_3x3_stride_2_s8_m4_line(const struct mw_depthwise_3x3_stride_2_s8_m4_params *p,
                                                    const struct mw_depthwise_3x3_stride_2_s8_m4_rows *rows,
                                                    int8_t *output, const int32_t *record)
{
    const struct mw_short_rescale rescale = {p->base, p->shift, p->rounded, p->negative, p->low, p->high};
    const int32_t own = mw_low_half((uint32_t)record[4]);
    int32_t column;
    for (column = 0; column < p->out_columns; column++) {
        const int32_t sum = mw_depthwise_3x3_stride_2_s8_m4_sum(p, rows, column, record);
        output[column * p->channels] = mw_short_rescale_of(&rescale, sum, record[6], own);
    }
}

MW_INLINE void mw_depthwise_3x3_stride_2_s8_m4_channel(const struct mw_depthwise_3x3_stride_2_s8_m4_params *p,
                                                       const int8_t *input, int8_t *output, const int32_t *band,
                                                       const int32_t *record)
{
    const int32_t count = band[2] + band[4];
    int32_t row;
    for (row = 0; row < count; row++) {
        struct mw_depthwise_3x3_stride_2_s8_m4_rows rows;
        const int32_t above = row == 0 && band[3] != 0;
        rows.row[0] = above ? NULL : input;
        input += above ? 0 : p->in_row;
        rows.row[1] = input;
        input += p->in_row;
        rows.row[2] = row < band[2] ? input : NULL;
        mw_depthwise_3x3_stride_2_s8_m4_line(p, &rows, output, record);
        output += p->out_row;
    }
}

MW_KERNEL void mw_depthwise_3x3_stride_2_s8_m4(const struct mw_depthwise_3x3_stride_2_s8_m4_params *p,
                                               const int8_t *input, int8_t *output, const int32_t *bands,
                                               const int32_t *channels)
{
    int32_t batch;
    for (batch = 0; batch < p->batches; batch++) {
        const int32_t *band = bands;
        int32_t i;
        for (i = 0; i < p->bands; i++) {
            int32_t channel;
            for (channel = 0; channel < p->channels; channel++) {
                mw_depthwise_3x3_stride_2_s8_m4_channel(p, input + band[0] + channel, output + band[1] + channel, band,
                                                        channels + 7 * channel);
            }
            band += 5;
        }
        input += p->in_image;
        output += p->out_image;
    }
}

#endif
