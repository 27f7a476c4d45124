/* SPDX-License-Identifier: Apache-2.0 */
/* Moves each block of a line down by what is new, and puts that behind it. */
#ifndef MW_PUSH_COLUMNS_1_H
#define MW_PUSH_COLUMNS_1_H

#include "mw_base.h"

struct mw_push_columns_1_params {
    int32_t blocks;
    int32_t kept;  /* bytes of a block that stay in it */
    int32_t added; /* bytes of a block that are new */
};

MW_KERNEL void mw_push_columns_1(const struct mw_push_columns_1_params *p, const uint8_t *input, uint8_t *line)
{
    int32_t block;
    for (block = 0; block < p->blocks; block++) {
        int32_t i;
        for (i = 0; i < p->kept; i++) {
            line[i] = line[i + p->added];
        }
        line += p->kept;
        for (i = 0; i < p->added; i++) {
            *line++ = *input++;
        }
    }
}

#endif
