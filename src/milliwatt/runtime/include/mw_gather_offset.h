/* SPDX-License-Identifier: Apache-2.0 */
/* From the indices of one run to its place. */
#ifndef MW_GATHER_OFFSET_H
#define MW_GATHER_OFFSET_H

#include "mw_move_box.h"
#include "mw_requantize.h"

/* The sum of index * stride; axes holds extent and stride in turns. Indices outside are limited to their axis, so that
 * no input can make the kernel read outside the tensor. index_words is 2 for int64, of which the low word counts. */
MW_INLINE int32_t mw_gather_offset(const int32_t *index, int32_t index_words, const int32_t *axes, int32_t depth)
{
    const mw_any32 *words = (const mw_any32 *)(const void *)index;
    int32_t offset = 0;
    int32_t i;
    for (i = 0; i < depth; i++) {
        offset += mw_clamp((int32_t)words[i * index_words], 0, axes[2 * i] - 1) * axes[2 * i + 1];
    }
    return offset;
}

#endif
