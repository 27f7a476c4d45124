/* SPDX-License-Identifier: Apache-2.0 */
/* Which bytes of an int8 image lie under an output pixel of a convolution, and copying them widened to 16 bits.
 *
 * Output pixels are walked in bands of rows. With padding, the input rows under a band are first copied to a strip
 * in scratch with borders of the zero point, so that every patch is rows of whole bytes at a fixed pitch. */
#ifndef MW_PATCHES_S8_H
#define MW_PATCHES_S8_H

#include "mw_dsp.h"

struct mw_patches {
    int32_t rows; /* of output pixels in a band */
    int32_t cols;
    int32_t step; /* bytes from one patch to the next, and from one row of patches to the next */
    int32_t row_step;
    int32_t kernel_h; /* rows of a patch, their bytes, and the bytes from one to the next */
    int32_t row_bytes;
    int32_t kernel_pitch;
    int32_t pitch; /* bytes from one row of the strip to the next */
    int32_t strip_rows;
    int32_t left_bytes; /* of padding */
    int32_t copied; /* bytes of an input row that the strip holds */
    int32_t in_pitch; /* bytes of an input row */
    int32_t in_h;
    int32_t pad_top;
    int32_t band_step; /* input rows from one band to the next */
    int32_t zero; /* the zero point */
};

/* The strip of a band. */
MW_INLINE void mw_patches_strip(const struct mw_patches *p, const int8_t *input, int32_t band, int8_t *strip)
{
    int32_t i;
    int32_t j;
    for (i = 0; i < p->strip_rows; i++) {
        const int32_t row = band * p->band_step - p->pad_top + i;
        const int32_t end = row >= 0 && row < p->in_h ? p->left_bytes + p->copied : p->left_bytes;
        const int8_t *from = input + (end > p->left_bytes ? row : 0) * p->in_pitch;
        for (j = 0; j < p->left_bytes; j++) {
            strip[j] = (int8_t)p->zero;
        }
        for (; j < end; j++) {
            strip[j] = *from++;
        }
        for (; j < p->pitch; j++) {
            strip[j] = (int8_t)p->zero;
        }
        strip += p->pitch;
    }
}

/* The patch of an output pixel of a band; first: that of its pixel 0. */
MW_INLINE const int8_t *mw_patches_at(const struct mw_patches *p, const int8_t *first, int32_t pixel)
{
    return first + pixel / p->cols * p->row_step + pixel % p->cols * p->step;
}

/* A patch as 16-bit numbers, to every other word: first the whole words of all rows, bytes 0 and 2, then bytes 1 and
 * 3 of each; then the bytes that rows have behind them. */
MW_INLINE void mw_patches_widen(const struct mw_patches *p, const int8_t *patch, uint32_t *to)
{
    const int32_t whole = p->row_bytes & ~3;
    int32_t half = 0;
    int32_t i;
    int32_t j;
    for (i = 0; i < p->kernel_h; i++) {
        const int8_t *const row = patch + i * p->kernel_pitch;
        for (j = 0; j < whole; j += 4) {
            const uint32_t bytes = mw_load_word(row + j);
            to[0] = mw_sxtb16(bytes);
            to[2] = mw_sxtb16_odd(bytes);
            to += 4;
        }
    }
    for (i = 0; i < p->kernel_h; i++) {
        for (j = whole; j < p->row_bytes; j++) {
            const uint32_t bits = (uint32_t)(int32_t)patch[i * p->kernel_pitch + j];
            *to = half != 0 ? mw_pkhbt(*to, bits) : bits;
            to += 2 * half;
            half = 1 - half;
        }
    }
}

#endif
