/* SPDX-License-Identifier: Apache-2.0 */
/* The smaller or the larger of two int8. */
#ifndef MW_EXTREME_S8_H
#define MW_EXTREME_S8_H

#include "mw_broadcast.h"
#include "mw_operation.h"

struct mw_extreme_s8_params {
    int32_t rows;
    int32_t count;
    int32_t extent_1;
    int32_t extent_2;
    int32_t extent_3;
    int32_t extent_4;
    int32_t first_mask;
    int32_t second_mask;
    int32_t operation; /* MW_MINIMUM or MW_MAXIMUM */
};

MW_INLINE int8_t mw_extreme_s8_element(int32_t operation, int8_t left, int8_t right)
{
    return (operation == MW_MINIMUM) == (left < right) ? left : right;
}

MW_KERNEL void mw_extreme_s8(const struct mw_extreme_s8_params *p, const int8_t *first, const int8_t *second,
                            int8_t *output)
{
    MW_FOR_EACH_PAIR(p, int8_t, first, second, output, mw_extreme_s8_element(p->operation, *left, *right));
}

#endif
