/* SPDX-License-Identifier: Apache-2.0 */
/* SELECT and SELECT_V2: elements of any type, of element_bytes <= 8 bytes, from one of two inputs. An element is read
 * whole before it is written, so the output may take the place of either input. */
#ifndef MW_SELECT_H
#define MW_SELECT_H

#include "mw_broadcast.h"

struct mw_select_params {
    int32_t rows;
    int32_t count;
    int32_t extent_1;
    int32_t extent_2;
    int32_t extent_3;
    int32_t extent_4;
    int32_t first_mask;
    int32_t second_mask;
    int32_t condition_mask;
    int32_t element_bytes;
};

MW_INLINE void mw_select_copy(int32_t bytes, const uint8_t *from, uint8_t *to)
{
    uint8_t element[8];
    int32_t i;
    for (i = 0; i < bytes; i++) {
        element[i] = from[i];
    }
    for (i = 0; i < bytes; i++) {
        to[i] = element[i];
    }
}

MW_KERNEL void mw_select(const struct mw_select_params *p, const uint8_t *condition, const uint8_t *first,
                         const uint8_t *second, uint8_t *output)
{
    const int32_t condition_step = mw_broadcast_step(p->condition_mask);
    const int32_t first_step = mw_broadcast_step(p->first_mask) * p->element_bytes;
    const int32_t second_step = mw_broadcast_step(p->second_mask) * p->element_bytes;
    int32_t row;
    int32_t i;
    for (row = 0; row < p->rows; row++) {
        const uint8_t *chosen = condition + MW_BROADCAST_ROW(p, row, p->condition_mask);
        const uint8_t *left = first + MW_BROADCAST_ROW(p, row, p->first_mask) * p->element_bytes;
        const uint8_t *right = second + MW_BROADCAST_ROW(p, row, p->second_mask) * p->element_bytes;
        for (i = 0; i < p->count; i++) {
            mw_select_copy(p->element_bytes, *chosen != 0 ? left : right, output);
            chosen += condition_step;
            left += first_step;
            right += second_step;
            output += p->element_bytes;
        }
    }
}

#endif
