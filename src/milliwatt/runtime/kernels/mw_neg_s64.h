/* SPDX-License-Identifier: Apache-2.0 */
/* NEG, int64: the lowest value wraps to itself.
 * Goes forwards and reads element i before it writes element i. */
#ifndef MW_NEG_S64_H
#define MW_NEG_S64_H

#include "mw_base.h"

struct mw_neg_s64_params {
    int32_t count;
};

MW_KERNEL void mw_neg_s64(const struct mw_neg_s64_params *p, const int64_t *input, int64_t *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        output[i] = (int64_t)(0u - (uint64_t)input[i]);
    }
}

#endif
