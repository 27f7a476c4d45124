/* SPDX-License-Identifier: Apache-2.0 */
/* ATTENTION, float32: row by row, so that only one row of scores is there at a time.
 * queries [batches, queries, depth], values [batches, keys, width], output [batches, queries, width]. Goes forwards; a
 * query is last read before its result is written. */
#ifndef MW_ATTENTION_F32_H
#define MW_ATTENTION_F32_H

#include "mw_decay_f32.h"
#include "mw_product_f32.h"

struct mw_attention_f32_params {
    int32_t batches;
    int32_t queries;
    int32_t keys;
    int32_t depth;
    int32_t width;
    int32_t key_next; /* elements from one key to the next, and along a key */
    int32_t key_step;
    int32_t causal;     /* 1 if query i sees the keys 0..i alone */
    int32_t masked;     /* 1 if there is a mask, else 0 and it is not read */
    int32_t mask_batch; /* elements from one batch's mask to the next, 0 where they share one */
    int32_t mask_query; /* the same from query to query */
    float scale;
};

/* scores[t] = scale * query . key t + mask[t] for the keys that are seen; returns the largest. */
MW_INLINE float mw_attention_f32_scores(const struct mw_attention_f32_params *p, const float *query, const float *keys,
                                        const float *mask, int32_t seen, float *scores)
{
    const struct mw_dots_f32 dots = {p->depth, 1, p->key_next, p->key_step};
    float largest = 0.0f;
    int32_t i;
    int32_t j;
    for (i = 0; i < seen; i += 4) {
        const int32_t wide = seen - i < 4 ? seen - i : 4;
        float sums[8] = {0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f};
        mw_product_tile_f32(&dots, query, 1, 0, keys + i * p->key_next, wide, sums);
        for (j = 0; j < wide; j++) {
            float score = sums[j] * p->scale;
            if (p->masked != 0) {
                score += mask[i + j];
            }
            largest = (i + j == 0 || score > largest) ? score : largest;
            scores[i + j] = score;
        }
    }
    return largest;
}

/* Exponentials of the distances from the largest; returns their sum. */
MW_INLINE float mw_attention_f32_exponentials(int32_t seen, float largest, float *scores)
{
    float sum = 0.0f;
    int32_t i;
    MW_ROLLED
    for (i = 0; i < seen; i++) {
        scores[i] = mw_decay_f32(scores[i] - largest);
        sum += scores[i];
    }
    return sum;
}

/* output = factor * scores . values. */
MW_INLINE void mw_attention_f32_values(const struct mw_attention_f32_params *p, const float *scores, float factor,
                                       const float *values, int32_t seen, float *output)
{
    const struct mw_dots_f32 dots = {seen, 1, 1, p->width};
    int32_t i;
    int32_t j;
    for (i = 0; i < p->width; i += 4) {
        const int32_t wide = p->width - i < 4 ? p->width - i : 4;
        float sums[8] = {0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f};
        mw_product_tile_f32(&dots, scores, 1, 0, values + i, wide, sums);
        for (j = 0; j < wide; j++) {
            output[i + j] = sums[j] * factor;
        }
    }
}

MW_KERNEL void mw_attention_f32(const struct mw_attention_f32_params *p, const float *query, const float *keys,
                                const float *values, const float *mask, float *output, float *scores)
{
    int32_t batch;
    int32_t row;
    for (batch = 0; batch < p->batches; batch++) {
        for (row = 0; row < p->queries; row++) {
            const float *added = mask + batch * p->mask_batch + row * p->mask_query;
            const int32_t seen = p->causal != 0 && row < p->keys ? row + 1 : p->keys;
            const float largest = mw_attention_f32_scores(p, query, keys, added, seen, scores);
            const float sum = mw_attention_f32_exponentials(seen, largest, scores);
            mw_attention_f32_values(p, scores, 1.0f / sum, values, seen, output);
            query += p->depth;
            output += p->width;
        }
        keys += p->keys * p->depth;
        values += p->keys * p->width;
    }
}

#endif
