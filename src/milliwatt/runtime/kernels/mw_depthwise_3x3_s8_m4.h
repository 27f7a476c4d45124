/* SPDX-License-Identifier: Apache-2.0 */
/* DEPTHWISE_CONV_2D 3x3 with stride 1, int8: one channel at a time is copied into a plane of bytes and computed from
 * there. Output may lie exactly where the input does.
 * Rows of the plane are rows of the image, or its columns, whichever suits the core better. It has one more column at
 * each side that the windows reach, filled with the zero point.
 * The plane holds the whole channel, without rows outside, or a band of it with two rows more than the band has
 * outputs; then rows outside are filled with the zero point, and a band's last two rows become the next one's first.
 *
 * A channel has seven words, weights as pairs of 16 bits, the first one low, scaled by a power of two:
 * (w00, w02), (w10, w12), (w20, w22), (w01, w11), (own, w21), bias less zero point times the sum of all weights, and
 * the mantissa; for `own` see mw_short_rescale.h. */
#ifndef MW_DEPTHWISE_3X3_S8_M4_H
#define MW_DEPTHWISE_3X3_S8_M4_H

#include "mw_dsp.h"
#include "mw_short_rescale.h"

struct mw_depthwise_3x3_s8_m4_params {
    int32_t batches;
    int32_t channels;
    int32_t in_rows; /* of the plane */
    int32_t in_columns;
    int32_t out_rows;
    int32_t out_columns; /* 2 or more */
    int32_t pad_top;     /* rows outside, 0 or 1 */
    int32_t pad_left;    /* 0 or 1 */
    int32_t bands;
    int32_t band_rows; /* outputs of a band; bands times band_rows are out_rows */
    int32_t plane_rows;
    int32_t plane_top; /* rows above the plane that its first windows reach, 0 or 1; 0 with bands */
    int32_t in_row;      /* bytes of the image from one row of the plane to the next, and so on */
    int32_t in_column;
    int32_t out_row;
    int32_t out_column;
    int32_t pitch;      /* bytes of a row of the plane, at least out_columns + 2 */
    int32_t zero_point; /* of the input */
    int32_t base;
    int32_t shift;
    int32_t rounded;
    int32_t negative;
    int32_t low;
    int32_t high;
};

/* One row of the image, NULL for a row outside. */
MW_INLINE void mw_depthwise_3x3_s8_m4_gather(const struct mw_depthwise_3x3_s8_m4_params *p, const int8_t *from,
                                             int8_t *row)
{
    int32_t column;
    for (column = 0; column < p->out_columns + 2; column++) {
        const int32_t inside = column - p->pad_left;
        row[column] = (int8_t)p->zero_point;
        if (from != NULL && inside >= 0 && inside < p->in_columns) {
            row[column] = *from;
            from += p->in_column;
        }
    }
}

/* The plane's rows for a band. */
MW_INLINE void mw_depthwise_3x3_s8_m4_band(const struct mw_depthwise_3x3_s8_m4_params *p, const int8_t *input,
                                           int8_t *plane, int32_t band)
{
    const int32_t first = band * p->band_rows - p->pad_top + p->plane_top;
    int32_t i;
    for (i = 0; i < p->plane_rows; i++) {
        int8_t *const row = plane + i * p->pitch;
        const int32_t at = first + i;
        if (band > 0 && i < 2) {
            int32_t column;
            for (column = 0; column < p->pitch; column++) {
                row[column] = row[p->band_rows * p->pitch + column];
            }
        } else {
            mw_depthwise_3x3_s8_m4_gather(p, at >= 0 && at < p->in_rows ? input + at * p->in_row : NULL, row);
        }
    }
}

/* The sum of three weights (outer: the first and the last; middle) with three inputs. */
MW_INLINE int32_t mw_depthwise_3x3_s8_m4_row(uint32_t outer, int32_t middle, const int8_t *inputs, int32_t sum)
{
    const uint32_t pair = mw_pkhbt((uint32_t)(int32_t)inputs[0], (uint32_t)(int32_t)inputs[2]);
    return mw_mac(mw_smlad(outer, pair, sum), middle, inputs[1]);
}

MW_INLINE int32_t mw_depthwise_3x3_s8_m4_sum(const struct mw_depthwise_3x3_s8_m4_params *p, const int8_t *plane,
                                             int32_t row, int32_t column, const int32_t *record)
{
    const int32_t middle[3] = {mw_low_half((uint32_t)record[3]), mw_high_half((uint32_t)record[3]),
                               mw_high_half((uint32_t)record[4])};
    int32_t sum = record[5];
    int32_t i;
    for (i = 0; i < 3; i++) {
        const int32_t inside = row - p->plane_top + i;
        const uint32_t outer = (uint32_t)record[i];
        if (inside >= 0 && inside < p->plane_rows) {
            sum = mw_depthwise_3x3_s8_m4_row(outer, middle[i], plane + inside * p->pitch + column, sum);
        } else {
            sum = mw_mac(sum, mw_low_half(outer) + mw_high_half(outer) + middle[i], p->zero_point);
        }
    }
    return sum;
}

MW_INLINE void mw_depthwise_3x3_s8_m4_channel(const struct mw_depthwise_3x3_s8_m4_params *p, const int8_t *input,
                                              int8_t *output, int8_t *plane, const int32_t *record)
{
    const struct mw_short_rescale rescale = {p->base, p->shift, p->rounded, p->negative, p->low, p->high};
    const int32_t own = mw_low_half((uint32_t)record[4]);
    int32_t band;
    for (band = 0; band < p->bands; band++) {
        int32_t row;
        mw_depthwise_3x3_s8_m4_band(p, input, plane, band);
        for (row = 0; row < p->band_rows; row++) {
            int32_t column;
            for (column = 0; column < p->out_columns; column++) {
                const int32_t sum = mw_depthwise_3x3_s8_m4_sum(p, plane, row, column, record);
                output[column * p->out_column] = mw_short_rescale_of(&rescale, sum, record[6], own);
            }
            output += p->out_row;
        }
    }
}

MW_KERNEL void mw_depthwise_3x3_s8_m4(const struct mw_depthwise_3x3_s8_m4_params *p, const int8_t *input,
                                      int8_t *output, int8_t *plane, const int32_t *channels)
{
    int32_t batch;
    for (batch = 0; batch < p->batches; batch++) {
        int32_t channel;
        for (channel = 0; channel < p->channels; channel++) {
            mw_depthwise_3x3_s8_m4_channel(p, input + channel, output + channel, plane, channels + 7 * channel);
        }
        input += p->in_rows * p->in_columns * p->channels;
        output += p->out_rows * p->out_columns * p->channels;
    }
}

#endif
