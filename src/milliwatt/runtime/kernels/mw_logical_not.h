/* SPDX-License-Identifier: Apache-2.0 */
/* LOGICAL_NOT: 1 for zero, 0 for all else.
 * Goes forwards and reads element i before it writes element i. */
#ifndef MW_LOGICAL_NOT_H
#define MW_LOGICAL_NOT_H

#include "mw_base.h"

struct mw_logical_not_params {
    int32_t count;
};

MW_KERNEL void mw_logical_not(const struct mw_logical_not_params *p, const uint8_t *input, uint8_t *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        output[i] = input[i] == 0u ? (uint8_t)1 : (uint8_t)0;
    }
}

#endif
