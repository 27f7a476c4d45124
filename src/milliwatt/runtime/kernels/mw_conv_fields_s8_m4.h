/* SPDX-License-Identifier: Apache-2.0 */
/* CONV_2D, int8: four filters by three pixels at a time, three 21-bit sums in 64 bits.
 * What the generated assembly of emit/assembly/conv_fields_s8_m4.py does, on the same tables.
 *
 * weights, for every four filters a, b, c, d: the initial sums of (a, b) and of (c, d), 64 bits each; then for every
 * input a word of their four int8 weights; then for each filter its mantissa and its offset. Filters beyond out_c
 * and inputs beyond the patch are 0.
 * scratch: two words for every input, then (in the assembly) the weights as words of two fields, then the strip. */
#ifndef MW_CONV_FIELDS_S8_M4_H
#define MW_CONV_FIELDS_S8_M4_H

#include "mw_patches_s8.h"
#include "mw_rescale_fitted.h"

struct mw_conv_fields_s8_m4_params {
    int32_t bands;
    int32_t rows;
    int32_t cols;
    int32_t step;
    int32_t row_step;
    int32_t kernel_h;
    int32_t row_bytes;
    int32_t kernel_pitch;
    int32_t pitch;
    int32_t strip; /* whether there is one */
    int32_t strip_bytes;
    int32_t lead; /* bytes before its first row */
    int32_t strip_rows;
    int32_t left_bytes;
    int32_t copied;
    int32_t in_pitch;
    int32_t in_h;
    int32_t pad_top;
    int32_t band_step;
    int32_t zero;
    int32_t out_c;
    int32_t block; /* always 1 */
    int32_t steps; /* of one input each */
    int32_t turns; /* of the inner loop */
    int32_t widened; /* words of a patch in one turn of the loop that widens them, at most */
    int32_t shift;
    int32_t jumps; /* always 0 */
    int32_t weight_words;
    int32_t ram_words; /* that the weights take in scratch */
    int32_t spill; /* where in scratch the outputs of an incomplete group of pixels go */
};

/* Two numbers in fields of 21 bits. */
MW_INLINE int32_t mw_two_fields(int32_t low, int32_t high)
{
    return mw_add_wrapping(low, mw_shift_left(high, 21));
}

/* One input of three pixels, to two words. */
MW_INLINE void mw_conv_fields_put(uint32_t *to, const int8_t *const *patches, int32_t offset)
{
    const int32_t middle = patches[1][offset];
    to[0] = (uint32_t)mw_two_fields(patches[0][offset], middle);
    to[1] = (uint32_t)mw_two_fields(middle, patches[2][offset]);
}

/* First the whole words of all rows, then the bytes that rows have behind them. */
MW_INLINE void mw_conv_fields_widen(const struct mw_conv_fields_s8_m4_params *p, const int8_t *const *patches,
                                    uint32_t *to)
{
    const int32_t whole = p->row_bytes & ~3;
    int32_t i;
    int32_t j;
    for (i = 0; i < p->kernel_h; i++) {
        for (j = 0; j < whole; j++) {
            mw_conv_fields_put(to, patches, i * p->kernel_pitch + j);
            to += 2;
        }
    }
    for (i = 0; i < p->kernel_h; i++) {
        for (j = whole; j < p->row_bytes; j++) {
            mw_conv_fields_put(to, patches, i * p->kernel_pitch + j);
            to += 2;
        }
    }
}

/* sum + left * right modulo 2^64. */
MW_INLINE uint64_t mw_smlal(uint64_t sum, int32_t left, int32_t right)
{
    return sum + (uint64_t)((int64_t)left * (int64_t)right);
}

/* The field of 21 bits above the lowest one, at least 0. */
MW_INLINE int32_t mw_middle_field(uint64_t sum)
{
    return (int32_t)((sum >> 21) & 0x1FFFFFu);
}

/* The signed field of 22 bits on top. */
MW_INLINE int32_t mw_top_field(uint64_t sum)
{
    return (int32_t)(uint32_t)(sum >> 32) >> 10;
}

/* The sums of two filters, f then g, for three pixels; weights: of the four filters that they belong to. */
MW_INLINE void mw_conv_fields_sums(int32_t steps, const uint32_t *weights, int32_t pair, const uint32_t *inputs,
                                   int32_t (*sums)[3])
{
    uint64_t first = (uint64_t)weights[2 * pair] | (uint64_t)weights[2 * pair + 1] << 32;
    uint64_t second = first;
    int32_t i;
    for (i = 0; i < steps; i++) {
        const uint32_t bytes = weights[4 + i] >> (16 * pair);
        const int32_t both = mw_two_fields((int8_t)(uint8_t)bytes, (int8_t)(uint8_t)(bytes >> 8));
        first = mw_smlal(first, both, (int32_t)inputs[2 * i]);
        second = mw_smlal(second, both, (int32_t)inputs[2 * i + 1]);
    }
    sums[0][0] = (int32_t)(first & 0x1FFFFFu);
    sums[0][1] = (int32_t)(second & 0x1FFFFFu);
    sums[1][1] = mw_top_field(first);
    sums[1][2] = mw_top_field(second);
    sums[1][0] = mw_middle_field(first) - sums[0][1];
    sums[0][2] = mw_middle_field(second) - sums[1][1];
}

/* Filters `filter` and filter + 1 of `pixels` pixels. */
MW_INLINE void mw_conv_fields_pair(const struct mw_conv_fields_s8_m4_params *p, const uint32_t *weights,
                                   const uint32_t *inputs, int32_t filter, int32_t pixels, int8_t *output)
{
    const int32_t pair = (filter >> 1) & 1;
    const int32_t *const constants = (const int32_t *)weights + 4 + p->steps + 4 * pair;
    int32_t sums[2][3];
    int32_t i;
    int32_t j;
    mw_conv_fields_sums(p->steps, weights, pair, inputs, sums);
    for (i = 0; i < 2 && filter + i < p->out_c; i++) {
        for (j = 0; j < pixels; j++) {
            output[j * p->out_c + filter + i] =
                mw_rescale_fitted(sums[i][j], constants[2 * i], constants[2 * i + 1], 0, p->shift);
        }
    }
}

MW_KERNEL void mw_conv_fields_s8_m4(const struct mw_conv_fields_s8_m4_params *p, const int8_t *input, int8_t *output,
                                    uint32_t *scratch, const uint32_t *weights)
{
    const struct mw_patches shape = {p->rows,      p->cols,         p->step,  p->row_step,   p->kernel_h,
                                     p->row_bytes, p->kernel_pitch, p->pitch, p->strip_rows, p->left_bytes,
                                     p->copied,    p->in_pitch,     p->in_h,  p->pad_top,    p->band_step,
                                     p->zero};
    const int32_t quad_words = p->weight_words / ((p->out_c + 3) >> 2);
    int8_t *const strip = (int8_t *)(scratch + 2 * p->steps + p->ram_words) + p->lead;
    const int8_t *const first = p->strip != 0 ? strip : input;
    const int32_t pixels = p->rows * p->cols;
    int32_t band;
    int32_t pixel;
    int32_t filter;
    for (band = 0; band < p->bands; band++) {
        if (p->strip != 0) {
            mw_patches_strip(&shape, input, band, strip);
        }
        for (pixel = 0; pixel < pixels; pixel += 3) {
            const int32_t count = pixels - pixel < 3 ? pixels - pixel : 3;
            const int8_t *patches[3];
            int32_t i;
            for (i = 0; i < 3; i++) {
                patches[i] = mw_patches_at(&shape, first, pixel + (i < count ? i : count - 1));
            }
            mw_conv_fields_widen(p, patches, scratch);
            for (filter = 0; filter < p->out_c; filter += 2) {
                mw_conv_fields_pair(p, weights + (filter >> 2) * quad_words, scratch, filter, count, output);
            }
            output += count * p->out_c;
        }
    }
}

#endif
