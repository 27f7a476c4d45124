/* SPDX-License-Identifier: Apache-2.0 */
/* Moves several boxes of elements of 4 bytes, one after the other; each is described as in mw_move_box.h. */
#ifndef MW_MOVE_BOXES_4_H
#define MW_MOVE_BOXES_4_H

#include "mw_move_box.h"

struct mw_move_boxes_4_params {
    int32_t count;
};

MW_KERNEL void mw_move_boxes_4(const struct mw_move_boxes_4_params *p, const uint32_t *input, uint32_t *output,
                              const int32_t *boxes)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        mw_move_box(boxes + i * MW_BOX_SIZE, (const uint8_t *)(const void *)input, (uint8_t *)(void *)output, 4);
    }
}

#endif
