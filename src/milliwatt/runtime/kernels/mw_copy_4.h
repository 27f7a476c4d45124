/* SPDX-License-Identifier: Apache-2.0 */
/* Copies words from one place of the arena, or from a table, to another that does not overlap it. */
#ifndef MW_COPY_4_H
#define MW_COPY_4_H

#include "mw_move_box.h"

struct mw_copy_4_params {
    int32_t words;
};

MW_KERNEL void mw_copy_4(const struct mw_copy_4_params *p, const uint32_t *input, uint32_t *output)
{
    const mw_any32 *from = (const mw_any32 *)(const void *)input;
    mw_any32 *to = (mw_any32 *)(void *)output;
    int32_t left = p->words;
    for (; left >= 4; left -= 4) {
        /* Loads in a group: the core overlaps them. */
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
    for (; left > 0; left--) {
        *to++ = *from++;
    }
}

#endif
