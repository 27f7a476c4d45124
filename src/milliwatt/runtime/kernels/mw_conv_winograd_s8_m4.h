/* SPDX-License-Identifier: Apache-2.0 */
/* CONV_2D, int8, 3x3, stride 1: Winograd's F(2x4, 3x3), exact (mw_winograd.h).
 * What the generated assembly of emit/assembly/conv_winograd_s8_m4.py does, on the same tables.
 *
 * Strip by strip of tile rows: the data of all its tiles is transformed to scratch; then for each filter its weights
 * are transformed as they are needed, multiplied with the data and summed over channels.
 * weights, for every filter and every four channels: the nine taps, four bytes each.
 * records, for every filter: what is added to frequency 1 of the upper and of the lower row of a tile; mantissa and
 * offset of the rescaling, and its jump if there are jumps.
 * scratch: the transformed data; in the assembly also, from byte `work` on, lines of data under way, or the
 * transformed filters and their sums. */
#ifndef MW_CONV_WINOGRAD_S8_M4_H
#define MW_CONV_WINOGRAD_S8_M4_H

#include "mw_rescale_fitted.h"
#include "mw_winograd.h"

struct mw_conv_winograd_s8_m4_params {
    int32_t in_h;
    int32_t in_w;
    int32_t in_c; /* a multiple of 4 */
    int32_t out_h;
    int32_t out_w;
    int32_t out_c; /* a multiple of `filters` */
    int32_t pad_top;
    int32_t pad_left;
    int32_t zero;
    int32_t rows; /* of tiles in a strip */
    int32_t filters; /* that the assembly computes together: 2 or 4 */
    int32_t shift;
    int32_t jumps;
    int32_t work;
};

/* One channel of the 4x6 pixels under a tile whose first output is (row, column). */
MW_INLINE void mw_conv_winograd_tile(const struct mw_conv_winograd_s8_m4_params *p, const int8_t *input, int32_t row,
                                     int32_t column, int32_t channel, int16_t *to)
{
    int32_t pixels[4][6];
    int32_t data[MW_WINOGRAD_PRODUCTS];
    int32_t i;
    int32_t j;
    for (i = 0; i < 4; i++) {
        const int32_t y = row - p->pad_top + i;
        for (j = 0; j < 6; j++) {
            const int32_t x = column - p->pad_left + j;
            const int32_t inside = y >= 0 && y < p->in_h && x >= 0 && x < p->in_w ? 1 : 0;
            pixels[i][j] = inside != 0 ? input[(y * p->in_w + x) * p->in_c + channel] : p->zero;
        }
    }
    mw_winograd_data(pixels, data);
    for (i = 0; i < MW_WINOGRAD_PRODUCTS; i++) {
        to[i * p->in_c + channel] = (int16_t)data[i];
    }
}

/* The outputs of one filter for one tile, as far as they lie in the image. output: that of the tile's first pixel. */
MW_INLINE void mw_conv_winograd_filter(const struct mw_conv_winograd_s8_m4_params *p, const int16_t *data,
                                       const int8_t *weights, const int32_t *record, int32_t row, int32_t column,
                                       int8_t *output)
{
    const int32_t scale = p->jumps != 0 ? 8 : 4;
    /* 1/3 modulo 2^32: columns are 3 times 16, 8, 4 and 4 times too large; then all are scaled alike. */
    const uint32_t third = 0xAAAAAAABu << (uint32_t)(scale - 4);
    int32_t sums[MW_WINOGRAD_PRODUCTS] = {0};
    int32_t outputs[2][4];
    int32_t i;
    int32_t j;
    for (i = 0; i < p->in_c; i++) {
        int32_t filter[MW_WINOGRAD_PRODUCTS];
        mw_winograd_filter(weights + (i >> 2) * 36 + (i & 3), 4, filter);
        for (j = 0; j < MW_WINOGRAD_PRODUCTS; j++) {
            sums[j] = mw_mac(sums[j], filter[j], data[j * p->in_c + i]);
        }
    }
    mw_winograd_outputs(sums, record, outputs);
    for (i = 0; i < 2 && row + i < p->out_h; i++) {
        for (j = 0; j < 4 && column + j < p->out_w; j++) {
            const uint32_t factor = third << (uint32_t)(j < 2 ? j : 2);
            const int32_t sum = (int32_t)((uint32_t)outputs[i][j] * factor);
            output[(i * p->out_w + j) * p->out_c] =
                mw_rescale_fitted(sum, record[2], record[3], p->jumps != 0 ? record[4] : 0, p->shift + scale);
        }
    }
}

MW_KERNEL void mw_conv_winograd_s8_m4(const struct mw_conv_winograd_s8_m4_params *p, const int8_t *input,
                                      int8_t *output, uint32_t *scratch, const uint32_t *weights,
                                      const int32_t *records)
{
    const int32_t tile = MW_WINOGRAD_PRODUCTS * p->in_c;
    const int32_t words = p->jumps != 0 ? 5 : 4;
    int32_t strip;
    for (strip = 0; strip < p->out_h; strip += 2 * p->rows) {
        const int32_t end = strip + 2 * p->rows < p->out_h ? strip + 2 * p->rows : p->out_h;
        int16_t *data = (int16_t *)(void *)scratch;
        int32_t row;
        int32_t column;
        int32_t i;
        for (row = strip; row < end; row += 2) {
            for (column = 0; column < p->out_w; column += 4) {
                for (i = 0; i < p->in_c; i++) {
                    mw_conv_winograd_tile(p, input, row, column, i, data);
                }
                data += tile;
            }
        }
        data = (int16_t *)(void *)scratch;
        for (row = strip; row < end; row += 2) {
            for (column = 0; column < p->out_w; column += 4) {
                for (i = 0; i < p->out_c; i++) {
                    mw_conv_winograd_filter(p, data, (const int8_t *)weights + 9 * p->in_c * i, records + words * i,
                                            row, column, output + (row * p->out_w + column) * p->out_c + i);
                }
                data += tile;
            }
        }
    }
}

#endif
