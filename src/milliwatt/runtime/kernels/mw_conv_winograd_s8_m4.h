/* SPDX-License-Identifier: Apache-2.0 */
/* CONV_2D, int8, 3x3, stride 1: Winograd's F(2x4, 3x3), exact (mw_winograd.h).
 * What the generated assembly of emit/assembly/conv_winograd_s8_m4.py does, on the same tables.
 *
 * Strip by strip of tile rows: the data of all its tiles is transformed to scratch; then for each filter its weights
 * are transformed as they are needed, multiplied with the data and summed over channels.
 * weights, for every filter and every four channels: the nine taps, four bytes each.
 * records, for every filter: what is added to frequency 1 of the upper and of the lower row of a tile; a third times a
 * power of two, modulo 2^32; offset and mantissa of the rescaling, and its jump if there are jumps.
 * geometry: sizes, so that layers of any size share the code; see below.
 * scratch: the transformed data; in the assembly also, from byte `work` on, columns of lines of data under way, or the
 * transformed filters and their sums. */
#ifndef MW_CONV_WINOGRAD_S8_M4_H
#define MW_CONV_WINOGRAD_S8_M4_H

#include "mw_rescale_fitted.h"
#include "mw_winograd.h"

struct mw_conv_winograd_s8_m4_params {
    int32_t filters; /* that the assembly computes together: 2 or 4 */
    int32_t turn; /* pairs of channels in a turn of the assembly's inner loop: even, divides in_c / 2 */
    int32_t shift;
    int32_t jumps; /* 0 none, 1 with the offset before the multiplication, 2 with the offset behind it */
    int32_t whole; /* outputs are a multiple of four columns and of two rows */
};

/* What this form takes from the table. */
struct mw_conv_winograd_s8_m4_geometry {
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
};

/* The table:
 *  0 in_c
 *  1 out_c
 *  2 bytes of the data of a group of 8 / filters positions
 *  3 bytes of the columns of a row of tiles, 32 each, without two
 *  4 bytes of the taps of a filter
 *  5 bytes of the transformed filters of a pass
 *  6 turns
 *  7 bytes between the first and the last turn of the operand with half as many words
 *  8 bytes of a row of the output
 *  9 in_h, in_w, out_h, out_w, pad_top, pad_left, zero, rows
 * 17 tiles in a row
 * 18 bytes of the data of a strip
 * 19 bytes of the columns under a row of tiles
 * 20 bytes of a row of the input
 * 21 bytes of the rows above the input
 * 22 2 * rows of tiles - pad_top
 * 23 the last row at which a strip may begin that lies above the image's end
 * 24 bytes of the columns left of the image - 4
 * 25 bytes of the columns inside
 * 26 bytes of both
 * 27 columns right of the image
 * 28 zero in four bytes
 * 29 256 + 2 * zero in two halfwords
 * 30 columns of the last tile of a row
 * 31 bytes from behind a row of tiles to the next one, in the output
 * 32 bytes of all taps, 33 of all records, 34 of a strip of the output, 35 of the output */
MW_INLINE struct mw_conv_winograd_s8_m4_geometry mw_conv_winograd_s8_m4_geometry_of(const int32_t *table)
{
    struct mw_conv_winograd_s8_m4_geometry geometry;
    geometry.in_h = table[9];
    geometry.in_w = table[10];
    geometry.in_c = table[0];
    geometry.out_h = table[11];
    geometry.out_w = table[12];
    geometry.out_c = table[1];
    geometry.pad_top = table[13];
    geometry.pad_left = table[14];
    geometry.zero = table[15];
    geometry.rows = table[16];
    return geometry;
}

/* One channel of the 4x6 pixels under a tile whose first output is (row, column). */
MW_INLINE void mw_conv_winograd_tile(const struct mw_conv_winograd_s8_m4_geometry *g, const int8_t *input,
                                     int32_t row, int32_t column, int32_t channel, int16_t *to)
{
    int32_t pixels[4][6];
    int32_t data[MW_WINOGRAD_PRODUCTS];
    int32_t i;
    int32_t j;
    for (i = 0; i < 4; i++) {
        const int32_t y = row - g->pad_top + i;
        for (j = 0; j < 6; j++) {
            const int32_t x = column - g->pad_left + j;
            const int32_t inside = y >= 0 && y < g->in_h && x >= 0 && x < g->in_w ? 1 : 0;
            pixels[i][j] = inside != 0 ? input[(y * g->in_w + x) * g->in_c + channel] : g->zero;
        }
    }
    mw_winograd_data(pixels, data);
    for (i = 0; i < MW_WINOGRAD_PRODUCTS; i++) {
        to[i * g->in_c + channel] = (int16_t)data[i];
    }
}

/* A sum as the transform leaves it to the output: see lower/winograd_rescale.py. */
MW_INLINE int8_t mw_conv_winograd_rescale(const struct mw_conv_winograd_s8_m4_params *p, int32_t sum, uint32_t factor,
                                          const int32_t *record)
{
    const int32_t scaled = (int32_t)((uint32_t)sum * factor);
    if (p->jumps != 1) {
        return mw_rescale_fitted(scaled, record[4], record[3], p->jumps != 0 ? record[5] : 0, p->shift);
    }
    return (int8_t)mw_clamp(
        mw_smmla(mw_add_wrapping(scaled, record[3]), record[4], sum < 0 ? record[5] : 0) >> p->shift, -128, 127);
}

/* The outputs of one filter for one tile, as far as they lie in the image. output: that of the tile's first pixel. */
MW_INLINE void mw_conv_winograd_filter(const struct mw_conv_winograd_s8_m4_params *p,
                                       const struct mw_conv_winograd_s8_m4_geometry *g, const int16_t *data,
                                       const int8_t *weights, const int32_t *record, int32_t row, int32_t column,
                                       int8_t *output)
{
    int32_t sums[MW_WINOGRAD_PRODUCTS] = {0};
    int32_t outputs[2][4];
    int32_t i;
    int32_t j;
    for (i = 0; i < g->in_c; i++) {
        int32_t filter[MW_WINOGRAD_PRODUCTS];
        mw_winograd_filter(weights + (i >> 2) * 36 + (i & 3), 4, filter);
        for (j = 0; j < MW_WINOGRAD_PRODUCTS; j++) {
            sums[j] = mw_mac(sums[j], filter[j], data[j * g->in_c + i]);
        }
    }
    mw_winograd_outputs(sums, record, outputs);
    for (i = 0; i < 2 && row + i < g->out_h; i++) {
        for (j = 0; j < 4 && column + j < g->out_w; j++) {
            /* Columns are 3 times 16, 8, 4 and 4 times too large; then all are scaled alike. */
            const uint32_t factor = (uint32_t)record[2] << (uint32_t)(j < 2 ? j : 2);
            output[(i * g->out_w + j) * g->out_c] = mw_conv_winograd_rescale(p, outputs[i][j], factor, record);
        }
    }
}

MW_KERNEL void mw_conv_winograd_s8_m4(const struct mw_conv_winograd_s8_m4_params *p, const int8_t *input,
                                      int8_t *output, uint32_t *scratch, const uint32_t *weights,
                                      const int32_t *records, const int32_t *geometry)
{
    const struct mw_conv_winograd_s8_m4_geometry g = mw_conv_winograd_s8_m4_geometry_of(geometry);
    const int32_t tile = MW_WINOGRAD_PRODUCTS * g.in_c;
    const int32_t words = p->jumps != 0 ? 6 : 5;
    int32_t strip;
    for (strip = 0; strip < g.out_h; strip += 2 * g.rows) {
        const int32_t end = strip + 2 * g.rows < g.out_h ? strip + 2 * g.rows : g.out_h;
        int16_t *data = (int16_t *)(void *)scratch;
        int32_t row;
        int32_t column;
        int32_t i;
        for (row = strip; row < end; row += 2) {
            for (column = 0; column < g.out_w; column += 4) {
                for (i = 0; i < g.in_c; i++) {
                    mw_conv_winograd_tile(&g, input, row, column, i, data);
                }
                data += tile;
            }
        }
        data = (int16_t *)(void *)scratch;
        for (row = strip; row < end; row += 2) {
            for (column = 0; column < g.out_w; column += 4) {
                for (i = 0; i < g.out_c; i++) {
                    mw_conv_winograd_filter(p, &g, data, (const int8_t *)weights + 9 * g.in_c * i, records + words * i,
                                            row, column, output + (row * g.out_w + column) * g.out_c + i);
                }
                data += tile;
            }
        }
    }
}

#endif
