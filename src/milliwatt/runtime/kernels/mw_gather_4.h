/* SPDX-License-Identifier: Apache-2.0 */
/* GATHER and GATHER_ND: runs of elements of 4 bytes, copied from where the indices say. */
#ifndef MW_GATHER_4_H
#define MW_GATHER_4_H

#include "mw_gather_offset.h"
#include "mw_move_box.h"

struct mw_gather_4_params {
    int32_t batches;
    int32_t outer; /* blocks of the input per batch, all read with the same indices */
    int32_t count; /* runs per block */
    int32_t depth; /* indices per run */
    int32_t run;   /* elements per run */
    int32_t block; /* elements per block of the input */
    int32_t index_words;
};

MW_KERNEL void mw_gather_4(const struct mw_gather_4_params *p, const uint32_t *input, uint32_t *output,
                           const int32_t *indices, const int32_t *axes)
{
    const mw_any32 *block = (const mw_any32 *)(const void *)input;
    mw_any32 *target = (mw_any32 *)(void *)output;
    int32_t batch;
    int32_t outer;
    int32_t i;
    int32_t j;
    for (batch = 0; batch < p->batches; batch++) {
        for (outer = 0; outer < p->outer; outer++) {
            const int32_t *index = indices;
            for (i = 0; i < p->count; i++) {
                const mw_any32 *source = block + mw_gather_offset(index, p->index_words, axes, p->depth);
                for (j = 0; j < p->run; j++) {
                    *target++ = source[j];
                }
                index += p->depth * p->index_words;
            }
            block += p->block;
        }
        indices += p->count * p->depth * p->index_words;
    }
}

#endif
