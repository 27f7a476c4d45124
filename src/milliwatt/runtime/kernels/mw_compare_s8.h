/* SPDX-License-Identifier: Apache-2.0 */
/* Comparisons of two int8_t as they are stored; 1 where the relation holds, else 0. */
#ifndef MW_COMPARE_S8_H
#define MW_COMPARE_S8_H

#include "mw_broadcast.h"
#include "mw_relation.h"

struct mw_compare_s8_params {
    int32_t rows;
    int32_t count;
    int32_t extent_1;
    int32_t extent_2;
    int32_t extent_3;
    int32_t extent_4;
    int32_t first_mask;
    int32_t second_mask;
    int32_t relation;
};

MW_KERNEL void mw_compare_s8(const struct mw_compare_s8_params *p, const int8_t *first, const int8_t *second,
                            uint8_t *output)
{
    MW_FOR_EACH_PAIR(p, int8_t, first, second, output, mw_holds(p->relation, MW_OUTCOME(*left, *right)));
}

#endif
