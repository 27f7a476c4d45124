/* SPDX-License-Identifier: Apache-2.0 */
/* CONV_2D, int8: four filters by three pixels at a time, three 21-bit sums in 64 bits.
 * What the generated assembly of emit/assembly/conv_fields_s8_m4.py does, on the same tables.
 *
 * weights, for every four filters a, b, c, d: the initial sums of (a, b) and of (c, d), 64 bits each; then for every
 * input a word of their four int8 weights; then for each filter its mantissa and its offset. Filters beyond out_c
 * and inputs beyond the patch are 0. geometry: see mw_patches_s8.h.
 * scratch: two words for every input, then (in the assembly) the weights as words of two fields, then the strip. */
#ifndef MW_CONV_FIELDS_S8_M4_H
#define MW_CONV_FIELDS_S8_M4_H

#include "mw_patches_s8.h"
#include "mw_rescale_fitted.h"

struct mw_conv_fields_s8_m4_params {
    int32_t blocks; /* whether groups of pixels are multiplied in blocks, with four filters at a time */
    int32_t shift;
    int32_t jumps; /* always 0 */
    int32_t row_bytes; /* what the assembly knows of the layer, else 0: bytes of a row of a patch, */
    int32_t turn; /* inputs of a turn of the inner loop, */
    int32_t steps; /* inputs of a patch, */
    int32_t stride; /* filters, where there are whole groups of three pixels alone */
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

/* The bytes of all rows. */
MW_INLINE void mw_conv_fields_widen(const struct mw_patches *shape, const int8_t *const *patches, uint32_t *to)
{
    const int32_t row_bytes = 4 * shape->row_words + shape->odd;
    const int32_t pitch = row_bytes + shape->kernel_gap;
    int32_t i;
    int32_t j;
    for (i = 0; i < shape->kernel_h; i++) {
        for (j = 0; j < row_bytes; j++) {
            mw_conv_fields_put(to, patches, i * pitch + j);
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
MW_INLINE void mw_conv_fields_pair(int32_t shift, const struct mw_patches *shape, const uint32_t *weights,
                                   const uint32_t *inputs, int32_t filter, int32_t pixels, int8_t *output)
{
    const int32_t steps = shape->pair_bytes >> 3;
    const int32_t pair = (filter >> 1) & 1;
    const int32_t *const constants = (const int32_t *)weights + 4 + steps + 4 * pair;
    int32_t sums[2][3];
    int32_t i;
    int32_t j;
    mw_conv_fields_sums(steps, weights, pair, inputs, sums);
    for (i = 0; i < 2 && filter + i < shape->out_c; i++) {
        for (j = 0; j < pixels; j++) {
            output[j * shape->out_c + filter + i] =
                mw_rescale_fitted(sums[i][j], constants[2 * i], constants[2 * i + 1], 0, shift);
        }
    }
}

/* The patches of a group of three pixels, of which only `count` are there. */
MW_INLINE void mw_conv_fields_group(const struct mw_patches *shape, const int8_t *first, int32_t pixel,
                                    int32_t count, uint32_t *to)
{
    const int8_t *patches[3];
    int32_t i;
    for (i = 0; i < 3; i++) {
        patches[i] = mw_patches_at(shape, first, pixel + (i < count ? i : count - 1));
    }
    mw_conv_fields_widen(shape, patches, to);
}

/* Pixels of the next block: whole groups of three, or a last one with less. */
MW_INLINE int32_t mw_conv_fields_block(const struct mw_patches *shape, int32_t left)
{
    const int32_t most = 3 * (shape->input_bytes / shape->pair_bytes);
    return left >= most ? most : left > 2 ? left - left % 3 : left;
}

MW_KERNEL void mw_conv_fields_s8_m4(const struct mw_conv_fields_s8_m4_params *p, const int8_t *input, int8_t *output,
                                    uint32_t *scratch, const uint32_t *weights, const int32_t *geometry)
{
    const struct mw_patches *const shape = mw_patches_of(geometry);
    const int32_t quad_words = shape->weight_words / ((shape->out_c + 3) >> 2);
    const int32_t group_words = shape->pair_bytes >> 2;
    int8_t *const strip = (int8_t *)(scratch + (shape->input_bytes >> 2) + shape->ram_words) + shape->lead;
    const int8_t *const first = shape->strip_rows != 0 ? strip : input;
    const int32_t pixels = mw_patches_pixels(shape);
    int32_t band;
    int32_t pixel;
    int32_t count;
    int32_t filter;
    int32_t i;
    for (band = 0; band < shape->bands; band++) {
        mw_patches_strip(shape, input, band, strip);
        for (pixel = 0; pixel < pixels; pixel += count) {
            count = mw_conv_fields_block(shape, pixels - pixel);
            for (i = 0; i < count; i += 3) {
                mw_conv_fields_group(shape, first, pixel + i, count - i < 3 ? count - i : 3,
                                     scratch + i / 3 * group_words);
            }
            for (i = 0; i < count; i += 3) {
                for (filter = 0; filter < shape->out_c; filter += 2) {
                    mw_conv_fields_pair(p->shift, shape, weights + (filter >> 2) * quad_words,
                                        scratch + i / 3 * group_words, filter, count - i < 3 ? count - i : 3,
                                        output + i * shape->out_c);
                }
            }
            output += count * shape->out_c;
        }
    }
}

#endif
