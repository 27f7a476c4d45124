/* SPDX-License-Identifier: Apache-2.0 */
/* NEG, int32: the lowest value wraps to itself.
 * Goes forwards and reads element i before it writes element i. */
#ifndef MW_NEG_S32_H
#define MW_NEG_S32_H

#include "mw_base.h"

struct mw_neg_s32_params {
    int32_t count;
};

MW_KERNEL void mw_neg_s32(const struct mw_neg_s32_params *p, const int32_t *input, int32_t *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        output[i] = (int32_t)(0u - (uint32_t)input[i]);
    }
}

#endif
