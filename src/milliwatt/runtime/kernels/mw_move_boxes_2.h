/* SPDX-License-Identifier: Apache-2.0 */
/* Moves several boxes of elements of 2 bytes, one after the other; each is described as in mw_move_box.h. */
#ifndef MW_MOVE_BOXES_2_H
#define MW_MOVE_BOXES_2_H

#include "mw_move_box.h"

struct mw_move_boxes_2_params {
    int32_t count;
};

MW_KERNEL void mw_move_boxes_2(const struct mw_move_boxes_2_params *p, const uint16_t *input, uint16_t *output,
                              const int32_t *boxes)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        mw_move_box(boxes + i * MW_BOX_SIZE, (const uint8_t *)(const void *)input, (uint8_t *)(void *)output, 2);
    }
}

#endif
