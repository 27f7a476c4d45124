/* SPDX-License-Identifier: Apache-2.0 */
/* FULLY_CONNECTED, int8: eight filters at a time, two in each halfword of weights.
 * What the generated assembly of emit/assembly/fully_connected_s8_m4.py does, on the same tables.
 *
 * For each pair of filters f and g, two sums are kept. The first is that of 256 f + g, as in mw_tile_s8.h. The second
 * is that of g by products of two sums (Winograd, "A New Algorithm for Inner Product", IEEE Transactions on Computers
 * C-17, 1968): (x1 + g0)(x0 + g1) = g0 x0 + g1 x1 + x0 x1 + g0 g1. Adding comes free with the widening of g, so five
 * instructions carry out eight products. The part x0 x1 is common to all filters; g0 g1 is in the initial sum.
 *
 * layer: rows, words of four inputs in a row, units, and if `uniform` the final shifts of f and g, mantissa, offset of
 * f, offset of g, jump.
 * weights, for every eight filters, then for the four and the two that are left: two initial sums for each pair; for
 * every four inputs the word of inputs 0 and 2, then that of 1 and 3, of one pair after the other; unless `uniform`,
 * mantissa and offset, and jump if there are jumps, of each filter. An odd last filter is one of a pair, also where
 * that makes a group of eight or four. Filters or inputs that are missing to a pair or a word are 0.
 * Sums of f are rescaled as 256 f, and so are those of g if there are jumps.
 * scratch: if `widened`, two words for every four inputs, which are widened once per row; else nothing. */
#ifndef MW_FULLY_CONNECTED_S8_M4_H
#define MW_FULLY_CONNECTED_S8_M4_H

#include "mw_dsp.h"
#include "mw_rescale_fitted.h"

struct mw_fully_connected_s8_m4_params {
    int32_t low;
    int32_t high;
    int32_t jumps;
    int32_t uniform; /* all filters have one multiplier */
    int32_t shift;   /* unless `uniform`, the final one of g, and with jumps of f; without, that of f is 8 more */
    int32_t widened;
    int32_t unroll; /* words of four inputs per turn of the inner loop */
    int32_t tail;   /* inputs in the last word if it is not full, which wants `widened`; otherwise 0 */
    int32_t octets; /* there are eight filters */
    int32_t rest;   /* filters besides those of all eights */
};

/* A row of inputs; widened is NULL where they are not. */
struct mw_fully_connected_s8_m4_row {
    const int8_t *input;
    const uint32_t *widened;
    int32_t words;
    int32_t products; /* the part of all sums that no filter changes */
};

/* Two widened inputs of word i: 0 and 2, or those of odd index. */
MW_INLINE uint32_t mw_fully_connected_s8_m4_at(const struct mw_fully_connected_s8_m4_row *row, int32_t i, int32_t odd)
{
    if (row->widened != NULL) {
        return row->widened[2 * i + odd];
    }
    return odd != 0 ? mw_sxtb16_odd(mw_load_word(row->input + 4 * i)) : mw_sxtb16(mw_load_word(row->input + 4 * i));
}

MW_INLINE void mw_fully_connected_s8_m4_widen(const int8_t *input, int32_t words, int32_t tail, uint32_t *widened)
{
    int32_t i;
    for (i = 0; i < words; i++) {
        uint32_t bytes = 0;
        if (tail == 0 || i + 1 < words) {
            bytes = mw_load_word(input + 4 * i);
        } else {
            int32_t byte;
            for (byte = 0; byte < tail; byte++) {
                bytes |= (uint32_t)(uint8_t)input[4 * i + byte] << (uint32_t)(8 * byte);
            }
        }
        widened[2 * i] = mw_sxtb16(bytes);
        widened[2 * i + 1] = mw_sxtb16_odd(bytes);
    }
}

/* One output; constants: mantissa, offset and, if there are jumps, jump. */
MW_INLINE int8_t mw_fully_connected_s8_m4_output(const struct mw_fully_connected_s8_m4_params *p, int32_t sum,
                                                 const int32_t *constants, int32_t offset, int32_t shift)
{
    const int32_t jump = p->jumps != 0 ? constants[p->uniform != 0 ? 3 : 2] : 0;
    return (int8_t)mw_clamp(mw_rescale_fitted(sum, constants[0], offset, jump, shift), p->low, p->high);
}

/* One pair of the `pairs` that lie together at `stream`. */
MW_INLINE void mw_fully_connected_s8_m4_pair(const struct mw_fully_connected_s8_m4_params *p, const int32_t *layer,
                                             const uint32_t *stream, int32_t pairs, int32_t pair,
                                             const struct mw_fully_connected_s8_m4_row *row, int32_t two,
                                             int8_t *output)
{
    const uint32_t *const weights = stream + 2 * (pairs + pair);
    const int32_t each = p->jumps != 0 ? 3 : 2;
    const int32_t *const own = (const int32_t *)stream + 2 * pairs * (1 + row->words) + 2 * each * pair;
    const int32_t *const f = p->uniform != 0 ? layer + 5 : own;
    const int32_t *const g = p->uniform != 0 ? layer + 5 : own + each;
    const int32_t shift = p->uniform != 0 ? layer[4] : p->shift;
    int32_t both = (int32_t)stream[2 * pair];
    int32_t sum = (int32_t)stream[2 * pair + 1];
    int32_t i;
    for (i = 0; i < row->words; i++) {
        const uint32_t even = mw_fully_connected_s8_m4_at(row, i, 0);
        const uint32_t odd = mw_fully_connected_s8_m4_at(row, i, 1);
        const uint32_t *const w = weights + 2 * pairs * i;
        both = mw_smlad(w[1], odd, mw_smlad(w[0], even, both));
        sum = mw_smlad(mw_sxtab16(odd, w[0]), mw_sxtab16(even, w[1]), sum);
    }
    sum = mw_subtract_wrapping(sum, row->products);
    both = mw_subtract_wrapping(both, sum);
    output[0] = mw_fully_connected_s8_m4_output(p, both, f, f[1], p->jumps != 0 ? shift : shift + 8);
    if (two != 0) {
        sum = p->jumps != 0 ? mw_shift_left(sum, 8) : sum;
        output[1] = mw_fully_connected_s8_m4_output(p, sum, g, g[p->uniform != 0 ? 2 : 1], shift);
    }
}

MW_KERNEL void mw_fully_connected_s8_m4(const struct mw_fully_connected_s8_m4_params *p, const int8_t *input,
                                        int8_t *output, uint32_t *scratch, const int32_t *layer,
                                        const uint32_t *weights)
{
    const int32_t units = layer[2];
    const int32_t pair_words = 2 + 2 * layer[1] + (p->uniform != 0 ? 0 : p->jumps != 0 ? 6 : 4);
    int32_t line;
    for (line = 0; line < layer[0]; line++) {
        struct mw_fully_connected_s8_m4_row row = {input, NULL, layer[1], 0};
        const uint32_t *stream = weights;
        int32_t unit = 0;
        int32_t i;
        if (p->widened != 0) {
            mw_fully_connected_s8_m4_widen(input, row.words, p->tail, scratch);
            row.widened = scratch;
        }
        for (i = 0; i < row.words; i++) {
            row.products = mw_smlad(mw_fully_connected_s8_m4_at(&row, i, 0), mw_fully_connected_s8_m4_at(&row, i, 1),
                                    row.products);
        }
        while (unit < units) {
            const int32_t pairs = units - unit >= 7 ? 4 : units - unit >= 3 ? 2 : 1;
            int32_t pair;
            for (pair = 0; pair < pairs; pair++) {
                mw_fully_connected_s8_m4_pair(p, layer, stream, pairs, pair, &row, unit + 1 < units ? 1 : 0,
                                              output + unit);
                unit += 2;
            }
            stream += pairs * pair_words;
        }
        input += 4 * row.words - (p->tail != 0 ? 4 - p->tail : 0);
        output += units;
    }
}

#endif
