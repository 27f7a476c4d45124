/* SPDX-License-Identifier: Apache-2.0 */
/* Moves each block of a line down by what is new, and puts that behind it. */
#ifndef MW_PUSH_COLUMNS_4_H
#define MW_PUSH_COLUMNS_4_H

#include "mw_move_box.h"

struct mw_push_columns_4_params {
    int32_t blocks;
    int32_t kept;  /* words of a block that stay in it */
    int32_t added; /* words of a block that are new */
};

/* Moves words down; loads stand in a group, because the core overlaps them. */
MW_INLINE mw_any32 *mw_push_columns_4_move(mw_any32 *to, const mw_any32 *from, int32_t words)
{
    for (; words >= 4; words -= 4) {
        const uint32_t first = from[0];
        const uint32_t second = from[1];
        const uint32_t third = from[2];
        const uint32_t fourth = from[3];
        to[0] = first;
        to[1] = second;
        to[2] = third;
        to[3] = fourth;
        from += 4;
        to += 4;
    }
    for (; words > 0; words--) {
        *to++ = *from++;
    }
    return to;
}

MW_KERNEL void mw_push_columns_4(const struct mw_push_columns_4_params *p, const uint32_t *input, uint32_t *line)
{
    const mw_any32 *from = (const mw_any32 *)(const void *)input;
    mw_any32 *to = (mw_any32 *)(void *)line;
    int32_t block;
    for (block = 0; block < p->blocks; block++) {
        to = mw_push_columns_4_move(to, to + p->added, p->kept);
        to = mw_push_columns_4_move(to, from, p->added);
        from += p->added;
    }
}

#endif
