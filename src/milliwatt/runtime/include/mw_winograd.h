/* SPDX-License-Identifier: Apache-2.0 */
/* 3x3 correlation of stride 1 with fewer multiplications, exact in integers: Winograd's F(4,3) along a row and F(2,3)
 * down a column give 2x4 outputs from 4x6 inputs with 24 products per channel instead of 72.
 * Source: Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016; here its fractions are
 * cleared, so that each output comes 48, 24, 12 or 12 times too large (columns 0 to 3).
 *
 * Two things serve the assembly. The first and the last of the four lines of transformed data have the opposite sign,
 * and every element of the lines is 256 larger than it should be, so that none is negative. */
#ifndef MW_WINOGRAD_H
#define MW_WINOGRAD_H

#include "mw_requantize.h"

#define MW_WINOGRAD_OFFSET 256
#define MW_WINOGRAD_PRODUCTS 24

/* The six frequencies of six elements of a line. */
MW_INLINE void mw_winograd_line(const int32_t *d, int32_t *to)
{
    const int32_t even = d[4] - 4 * d[2];
    const int32_t odd = d[3] - 4 * d[1];
    const int32_t slope = 2 * (d[3] - d[1]);
    const int32_t bend = d[4] - d[2];
    to[0] = even - d[2] + 4 * d[0];
    to[1] = even + odd;
    to[2] = even - odd;
    to[3] = bend + slope;
    to[4] = bend - slope;
    to[5] = d[5] - d[3] - 2 * slope;
}

/* Four rows of six pixels of one channel. */
MW_INLINE void mw_winograd_data(int32_t rows[4][6], int32_t *to)
{
    int32_t lines[4][6];
    int32_t i;
    for (i = 0; i < 6; i++) {
        lines[0][i] = rows[2][i] - rows[0][i] + MW_WINOGRAD_OFFSET;
        lines[1][i] = rows[1][i] + rows[2][i] + MW_WINOGRAD_OFFSET;
        lines[2][i] = rows[2][i] - rows[1][i] + MW_WINOGRAD_OFFSET;
        lines[3][i] = rows[3][i] - rows[1][i] + MW_WINOGRAD_OFFSET;
    }
    for (i = 0; i < 4; i++) {
        mw_winograd_line(lines[i], to + 6 * i);
    }
}

/* One row of a transformed filter. */
MW_INLINE void mw_winograd_taps(int32_t left, int32_t middle, int32_t right, int32_t *to)
{
    to[0] = left;
    to[1] = left + right + middle;
    to[2] = left + right - middle;
    to[3] = left + 4 * right + 2 * middle;
    to[4] = left + 4 * right - 2 * middle;
    to[5] = right;
}

/* Nine taps, row by row; `stride` elements lie between one and the next. */
MW_INLINE void mw_winograd_filter(const int8_t *taps, int32_t stride, int32_t *to)
{
    int32_t sum[3];
    int32_t middle[3];
    int32_t i;
    for (i = 0; i < 3; i++) {
        sum[i] = taps[i * stride] + taps[(i + 6) * stride];
        middle[i] = taps[(i + 3) * stride];
    }
    mw_winograd_taps(taps[0], taps[stride], taps[2 * stride], to);
    mw_winograd_taps(sum[0] + middle[0], sum[1] + middle[1], sum[2] + middle[2], to + 6);
    mw_winograd_taps(sum[0] - middle[0], sum[1] - middle[1], sum[2] - middle[2], to + 12);
    mw_winograd_taps(taps[6 * stride], taps[7 * stride], taps[8 * stride], to + 18);
}

/* Sums of 24 products of one tile to 2x4 outputs, modulo 2^32. start: added to frequency 1 of each row, it holds the
 * bias and takes away what MW_WINOGRAD_OFFSET and the zero point have brought in. */
MW_INLINE void mw_winograd_outputs(const int32_t *sums, const int32_t *start, int32_t outputs[2][4])
{
    int32_t i;
    for (i = 0; i < 2; i++) {
        uint32_t x[6];
        uint32_t a;
        uint32_t b;
        uint32_t c;
        uint32_t d;
        int32_t j;
        for (j = 0; j < 6; j++) {
            const uint32_t middle = (uint32_t)sums[6 + j];
            const uint32_t other = (uint32_t)sums[12 + j];
            x[j] = i == 0 ? middle + other - 2u * (uint32_t)sums[j] : middle - other + 2u * (uint32_t)sums[18 + j];
        }
        x[1] += (uint32_t)start[i];
        a = x[1] + x[2];
        b = x[1] - x[2];
        c = x[3] + x[4];
        d = x[3] - x[4];
        outputs[i][0] = (int32_t)(6u * x[0] - 4u * a + c);
        outputs[i][1] = (int32_t)(d - 2u * b);
        outputs[i][2] = (int32_t)(c - a);
        outputs[i][3] = (int32_t)(2u * d - b + 6u * x[5]);
    }
}

#endif
