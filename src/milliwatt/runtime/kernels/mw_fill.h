/* SPDX-License-Identifier: Apache-2.0 */
/* Fills an array with a pattern of 8 bytes: words in turns of even and odd, then the tail's bytes (0 to 3).
 * With a tail the pattern repeats after 4 bytes, so that even serves it. */
#ifndef MW_FILL_H
#define MW_FILL_H

#include "mw_move_box.h"

struct mw_fill_params {
    int32_t words;
    int32_t tail;
    int32_t even;
    int32_t odd;
};

MW_KERNEL void mw_fill(const struct mw_fill_params *p, uint32_t *output)
{
    mw_any32 *words = (mw_any32 *)(void *)output;
    uint8_t *bytes = (uint8_t *)(void *)(output + p->words);
    int32_t i;
    for (i = 0; i < p->words; i++) {
        words[i] = (uint32_t)((i & 1) != 0 ? p->odd : p->even);
    }
    for (i = 0; i < p->tail; i++) {
        bytes[i] = (uint8_t)((uint32_t)p->even >> (8 * i));
    }
}

#endif
