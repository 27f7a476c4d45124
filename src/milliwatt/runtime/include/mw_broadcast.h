/* SPDX-License-Identifier: Apache-2.0 */
/* Broadcasting. The output is walked row by row, `count` elements each. Rows have up to five dimensions; those of
 * equal behaviour are merged by lowering, so that equal shapes are one row. An operand's mask has bit d set when the
 * operand has dimension d of the rows, and MW_BROADCAST_INNER when it has the row's own; where it has not, its
 * elements are repeated. Kernels that use this have the params rows, count and extent_1 to extent_4. */
#ifndef MW_BROADCAST_H
#define MW_BROADCAST_H

#include "mw_base.h"

#define MW_BROADCAST_INNER 32

/* Elements between two neighbours of a row. */
MW_INLINE int32_t mw_broadcast_step(int32_t mask)
{
    return (mask & MW_BROADCAST_INNER) != 0 ? 1 : 0;
}

/* One dimension of the way from a row's number to an operand's element: takes its index off *row. */
MW_INLINE int32_t mw_broadcast_part(int32_t *row, int32_t *stride, int32_t extent, int32_t present)
{
    const int32_t index = *row % extent;
    const int32_t part = present != 0 ? index * *stride : 0;
    *row /= extent;
    *stride = present != 0 ? *stride * extent : *stride;
    return part;
}

/* Index of an operand's first element for a row. Extents of 1 cost nothing when they are constants. */
MW_INLINE int32_t mw_broadcast_offset(int32_t row, int32_t count, int32_t extent_1, int32_t extent_2, int32_t extent_3,
                                      int32_t extent_4, int32_t mask)
{
    int32_t stride = (mask & MW_BROADCAST_INNER) != 0 ? count : 1;
    int32_t offset = mw_broadcast_part(&row, &stride, extent_4, mask & 16);
    offset += mw_broadcast_part(&row, &stride, extent_3, mask & 8);
    offset += mw_broadcast_part(&row, &stride, extent_2, mask & 4);
    offset += mw_broadcast_part(&row, &stride, extent_1, mask & 2);
    return (mask & 1) != 0 ? offset + row * stride : offset;
}

#define MW_BROADCAST_ROW(p, row, mask) \
    mw_broadcast_offset(row, (p)->count, (p)->extent_1, (p)->extent_2, (p)->extent_3, (p)->extent_4, mask)

/* Writes `result`, an expression of *left and *right, to every element of the output in order. */
#define MW_FOR_EACH_PAIR(p, type, first, second, output, result) \
    do { \
        const int32_t left_step = mw_broadcast_step((p)->first_mask); \
        const int32_t right_step = mw_broadcast_step((p)->second_mask); \
        int32_t mw_row; \
        int32_t mw_index; \
        for (mw_row = 0; mw_row < (p)->rows; mw_row++) { \
            const type *left = (first) + MW_BROADCAST_ROW(p, mw_row, (p)->first_mask); \
            const type *right = (second) + MW_BROADCAST_ROW(p, mw_row, (p)->second_mask); \
            for (mw_index = 0; mw_index < (p)->count; mw_index++) { \
                *(output)++ = (result); \
                left += left_step; \
                right += right_step; \
            } \
        } \
    } while (0)

#endif
