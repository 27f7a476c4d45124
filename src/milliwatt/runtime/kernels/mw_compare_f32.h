/* SPDX-License-Identifier: Apache-2.0 */
/* Comparisons of two float as they are stored; 1 where the relation holds, else 0. */
#ifndef MW_COMPARE_F32_H
#define MW_COMPARE_F32_H

#include "mw_broadcast.h"
#include "mw_relation.h"

struct mw_compare_f32_params {
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

MW_KERNEL void mw_compare_f32(const struct mw_compare_f32_params *p, const float *first, const float *second,
                            uint8_t *output)
{
    MW_FOR_EACH_PAIR(p, float, first, second, output, mw_holds(p->relation, MW_OUTCOME(*left, *right)));
}

#endif
