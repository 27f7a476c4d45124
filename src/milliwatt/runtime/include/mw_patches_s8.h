/* SPDX-License-Identifier: Apache-2.0 */
/* Which bytes of an int8 image lie under an output pixel of a convolution, and copying them widened to 16 bits.
 *
 * Output pixels are walked in bands of rows. With padding, the input rows under a band are first copied to a strip
 * in scratch with borders of the zero point, so that every patch is rows of whole bytes at a fixed pitch. */
#ifndef MW_PATCHES_S8_H
#define MW_PATCHES_S8_H

#include "mw_dsp.h"

/* The sizes of a convolution, the words of its geometry table. */
struct mw_patches {
    int32_t step; /* bytes from one patch to the next in an output row */
    int32_t wrap; /* from behind the last patch of an output row to the first one of the next */
    int32_t cols;
    int32_t behind_first; /* output pixels of a band behind its first row */
    int32_t out_c;
    int32_t tail; /* filters of the last four */
    int32_t skipped; /* bytes of inputs by which the first turn of the inner loop is shorter */
    int32_t kernel_h; /* rows of a patch, whole words of one, bytes from behind them to the next, bytes of a row */
    int32_t row_words; /* behind them */
    int32_t kernel_gap;
    int32_t odd;
    int32_t jumps; /* bits of fraction where negative sums take another constant, else 0 */
    int32_t odd_back; /* from behind the last row's words to the first row's odd bytes, from odd bytes to the next */
    int32_t odd_gap;
    int32_t pair_bytes; /* that the inputs of a group of pixels take when they are widened, 8 a step */
    int32_t input_bytes; /* of all groups that are widened before any is multiplied */
    int32_t weight_words;
    int32_t ram_words; /* weights that scratch holds at a time: none, all, or in blocks those of four filters */
    int32_t constants; /* words behind the weights of four filters */
    int32_t bands;
    int32_t strip_bytes;
    int32_t lead; /* bytes before its first row */
    int32_t strip_rows; /* 0 where there is no strip */
    int32_t left_bytes; /* of padding */
    int32_t copied; /* bytes of an input row that the strip holds */
    int32_t in_pitch; /* bytes of an input row */
    int32_t in_h;
    int32_t above; /* the first row of the first strip: 0, or negative */
    int32_t pitch; /* bytes from one row of the strip to the next */
    int32_t band_back; /* input rows from behind a strip to the next one */
    int32_t zeros; /* the zero point in each byte */
};

MW_INLINE const struct mw_patches *mw_patches_of(const int32_t *geometry)
{
    return (const struct mw_patches *)(const void *)geometry;
}

MW_INLINE int32_t mw_patches_pixels(const struct mw_patches *p)
{
    return p->cols + p->behind_first;
}

/* The strip of a band. */
MW_INLINE void mw_patches_strip(const struct mw_patches *p, const int8_t *input, int32_t band, int8_t *strip)
{
    const int8_t zero = (int8_t)(uint8_t)((uint32_t)p->zeros & 0xFFu);
    int32_t i;
    int32_t j;
    for (i = 0; i < p->strip_rows; i++) {
        const int32_t row = band * (p->strip_rows + p->band_back) + p->above + i;
        const int32_t end = row >= 0 && row < p->in_h ? p->left_bytes + p->copied : p->left_bytes;
        const int8_t *from = input + (end > p->left_bytes ? row : 0) * p->in_pitch;
        for (j = 0; j < p->left_bytes; j++) {
            strip[j] = zero;
        }
        for (; j < end; j++) {
            strip[j] = *from++;
        }
        for (; j < p->pitch; j++) {
            strip[j] = zero;
        }
        strip += p->pitch;
    }
}

/* The patch of an output pixel of a band; first: that of its pixel 0. */
MW_INLINE const int8_t *mw_patches_at(const struct mw_patches *p, const int8_t *first, int32_t pixel)
{
    return first + pixel * p->step + pixel / p->cols * p->wrap;
}

/* A patch as 16-bit numbers, to every other word: first the whole words of all rows, bytes 0 and 2, then bytes 1 and
 * 3 of each; then the bytes that rows have behind them. */
MW_INLINE void mw_patches_widen(const struct mw_patches *p, const int8_t *patch, uint32_t *to)
{
    const int32_t whole = 4 * p->row_words;
    int32_t half = 0;
    int32_t i;
    int32_t j;
    for (i = 0; i < p->kernel_h; i++) {
        const int8_t *const row = patch + i * (whole + p->kernel_gap);
        for (j = 0; j < whole; j += 4) {
            const uint32_t bytes = mw_load_word(row + j);
            to[0] = mw_sxtb16(bytes);
            to[2] = mw_sxtb16_odd(bytes);
            to += 4;
        }
    }
    for (i = 0; i < p->kernel_h; i++) {
        for (j = whole; j < whole + p->odd; j++) {
            const uint32_t bits = (uint32_t)(int32_t)patch[i * (whole + p->kernel_gap) + j];
            *to = half != 0 ? mw_pkhbt(*to, bits) : bits;
            to += 2 * half;
            half = 1 - half;
        }
    }
}

#endif
