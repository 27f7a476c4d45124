/* SPDX-License-Identifier: Apache-2.0 */
/* The smaller or the larger of two int16. */
#ifndef MW_EXTREME_S16_H
#define MW_EXTREME_S16_H

#include "mw_broadcast.h"
#include "mw_operation.h"

struct mw_extreme_s16_params {
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

MW_INLINE int16_t mw_extreme_s16_element(int32_t operation, int16_t left, int16_t right)
{
    return (operation == MW_MINIMUM) == (left < right) ? left : right;
}

MW_KERNEL void mw_extreme_s16(const struct mw_extreme_s16_params *p, const int16_t *first, const int16_t *second,
                            int16_t *output)
{
    MW_FOR_EACH_PAIR(p, int16_t, first, second, output, mw_extreme_s16_element(p->operation, *left, *right));
}

#endif
