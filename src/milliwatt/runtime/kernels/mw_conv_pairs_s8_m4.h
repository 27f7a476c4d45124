/* SPDX-License-Identifier: Apache-2.0 */
/* CONV_2D, int8: four filters by two pixels at a time, two filters in each halfword of weights.
 * What the generated assembly of emit/assembly/conv_pairs_s8_m4.py does, on the same tables.
 *
 * weights, for every four filters a, b, c, d: the initial sums 256 a + b, b, 256 c + d, d; then for every two inputs
 * the words of (a, b) and of (c, d), a halfword being 256 a + b; then for each filter its mantissa, its offset, and
 * its jump if there are jumps. Offsets of a and c, and all where there are jumps, belong to sums scaled by 256.
 * Filters beyond out_c and inputs beyond the patch are 0. geometry: see mw_patches_s8.h.
 * scratch: the widened patches, then (in the assembly) a copy of the weights, then the strip. */
#ifndef MW_CONV_PAIRS_S8_M4_H
#define MW_CONV_PAIRS_S8_M4_H

#include "mw_patches_s8.h"
#include "mw_rescale_fitted.h"

struct mw_conv_pairs_s8_m4_params {
    int32_t blocks; /* whether pairs of pixels are multiplied in blocks, with four filters at a time */
    int32_t shift; /* where there are no jumps */
    int32_t jumps; /* whether the geometry tells if there are jumps; else there are none */
};

/* Sums of two filters for one pixel: 256 f + g, and g. */
struct mw_pair_sums {
    int32_t both;
    int32_t g;
};

MW_INLINE struct mw_pair_sums mw_conv_pairs_dot(int32_t steps, const uint32_t *weights, const uint32_t *inputs,
                                                struct mw_pair_sums sums)
{
    int32_t i;
    for (i = 0; i < steps; i++) {
        sums.both = mw_smlad(weights[2 * i], inputs[2 * i], sums.both);
        sums.g = mw_smlad(mw_sxtb16(weights[2 * i]), inputs[2 * i], sums.g);
    }
    return sums;
}

/* Filters `filter` and filter + 1 of one pixel; weights: of the four filters that they belong to. */
MW_INLINE void mw_conv_pairs_of_pixel(const struct mw_conv_pairs_s8_m4_params *p, const struct mw_patches *shape,
                                      const uint32_t *weights, const uint32_t *inputs, int32_t filter,
                                      int8_t *output)
{
    const int32_t steps = shape->pair_bytes >> 3;
    const int32_t pair = (filter >> 1) & 1;
    const int32_t each = shape->jumps != 0 ? 3 : 2;
    const int32_t *const constants = (const int32_t *)weights + 4 + 2 * steps + 2 * pair * each;
    struct mw_pair_sums sums;
    sums.both = (int32_t)weights[2 * pair];
    sums.g = (int32_t)weights[2 * pair + 1];
    sums = mw_conv_pairs_dot(steps, weights + 4 + pair, inputs, sums);
    output[filter] = mw_rescale_fitted(mw_subtract_wrapping(sums.both, sums.g), constants[0], constants[1],
                                       shape->jumps != 0 ? constants[2] : 0,
                                       shape->jumps != 0 ? shape->jumps : p->shift + 8);
    if (filter + 1 < shape->out_c) {
        const int32_t bits = shape->jumps != 0 ? 8 : 0;
        output[filter + 1] = mw_rescale_fitted(mw_shift_left(sums.g, bits), constants[each], constants[each + 1],
                                               shape->jumps != 0 ? constants[each + 2] : 0,
                                               shape->jumps != 0 ? shape->jumps : p->shift);
    }
}

/* Pixels of the next block: whole pairs, or a single last pixel. */
MW_INLINE int32_t mw_conv_pairs_block(const struct mw_patches *shape, int32_t left)
{
    const int32_t most = 2 * (shape->input_bytes / shape->pair_bytes);
    return left >= most ? most : left > 1 ? left & ~1 : left;
}

MW_KERNEL void mw_conv_pairs_s8_m4(const struct mw_conv_pairs_s8_m4_params *p, const int8_t *input, int8_t *output,
                                   uint32_t *scratch, const uint32_t *weights, const int32_t *geometry)
{
    const struct mw_patches *const shape = mw_patches_of(geometry);
    const int32_t quad_words = shape->weight_words / ((shape->out_c + 3) >> 2);
    const int32_t pair_words = shape->pair_bytes >> 2;
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
            count = mw_conv_pairs_block(shape, pixels - pixel);
            /* The words of the two pixels of a pair in turn. */
            for (i = 0; i < count; i++) {
                mw_patches_widen(shape, mw_patches_at(shape, first, pixel + i),
                                 scratch + (i >> 1) * pair_words + (i & 1));
            }
            for (i = 0; i < count; i++) {
                for (filter = 0; filter < shape->out_c; filter += 2) {
                    mw_conv_pairs_of_pixel(p, shape, weights + (filter >> 2) * quad_words,
                                           scratch + (i >> 1) * pair_words + (i & 1), filter, output);
                }
                output += shape->out_c;
            }
        }
    }
}

#endif
