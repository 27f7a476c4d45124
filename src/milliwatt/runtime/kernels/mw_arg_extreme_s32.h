/* SPDX-License-Identifier: Apache-2.0 */
/* ARG_MAX and ARG_MIN of int32_t: the index of the first extreme along one dimension. */
#ifndef MW_ARG_EXTREME_S32_H
#define MW_ARG_EXTREME_S32_H

#include "mw_index.h"

struct mw_arg_extreme_s32_params {
    int32_t outer;
    int32_t extent; /* of the searched dimension */
    int32_t inner;
    int32_t maximum;     /* 1 for the largest, 0 for the smallest */
    int32_t index_bytes; /* 4 or 8 */
};

MW_INLINE int32_t mw_arg_extreme_s32_search(const struct mw_arg_extreme_s32_params *p, const int32_t *input)
{
    int32_t best = input[0];
    int32_t index = 0;
    int32_t i;
    for (i = 1; i < p->extent; i++) {
        const int32_t value = input[i * p->inner];
        if (p->maximum != 0 ? value > best : value < best) {
            best = value;
            index = i;
        }
    }
    return index;
}

MW_KERNEL void mw_arg_extreme_s32(const struct mw_arg_extreme_s32_params *p, const int32_t *input, uint8_t *output)
{
    int32_t outer;
    int32_t inner;
    for (outer = 0; outer < p->outer; outer++) {
        for (inner = 0; inner < p->inner; inner++) {
            mw_store_index(output, mw_arg_extreme_s32_search(p, input + inner), p->index_bytes);
            output += p->index_bytes;
        }
        input += p->extent * p->inner;
    }
}

#endif
