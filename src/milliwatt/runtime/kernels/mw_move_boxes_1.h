/* SPDX-License-Identifier: Apache-2.0 */
/* Moves several boxes of elements of 1 byte, one after the other; each is described as in mw_move_box.h. */
#ifndef MW_MOVE_BOXES_1_H
#define MW_MOVE_BOXES_1_H

#include "mw_move_box.h"

struct mw_move_boxes_1_params {
    int32_t count;
};

MW_KERNEL void mw_move_boxes_1(const struct mw_move_boxes_1_params *p, const uint8_t *input, uint8_t *output,
                              const int32_t *boxes)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        mw_move_box(boxes + i * MW_BOX_SIZE, input, output, 1);
    }
}

#endif
