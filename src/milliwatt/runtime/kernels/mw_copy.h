/* SPDX-License-Identifier: Apache-2.0 */
/* Copies bytes from one place of the arena, or from a table, to another that does not overlap it. */
#ifndef MW_COPY_H
#define MW_COPY_H

#include "mw_base.h"

struct mw_copy_params {
    int32_t bytes;
};

MW_KERNEL void mw_copy(const struct mw_copy_params *p, const uint8_t *input, uint8_t *output)
{
    int32_t i;
    for (i = 0; i < p->bytes; i++) {
        output[i] = input[i];
    }
}

#endif
