/* SPDX-License-Identifier: Apache-2.0 */
/* NEG, int16: the lowest value wraps to itself.
 * Goes forwards and reads element i before it writes element i. */
#ifndef MW_NEG_S16_H
#define MW_NEG_S16_H

#include "mw_base.h"

struct mw_neg_s16_params {
    int32_t count;
};

MW_KERNEL void mw_neg_s16(const struct mw_neg_s16_params *p, const int16_t *input, int16_t *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        output[i] = (int16_t)(0u - (uint32_t)input[i]);
    }
}

#endif
