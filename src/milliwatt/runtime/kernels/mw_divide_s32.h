/* SPDX-License-Identifier: Apache-2.0 */
/* Quotients and remainders of int32, with a fused activation. */
#ifndef MW_DIVIDE_S32_H
#define MW_DIVIDE_S32_H

#include "mw_broadcast.h"
#include "mw_divide.h"
#include "mw_requantize.h"

struct mw_divide_s32_params {
    int32_t rows;
    int32_t count;
    int32_t extent_1;
    int32_t extent_2;
    int32_t extent_3;
    int32_t extent_4;
    int32_t first_mask;
    int32_t second_mask;
    int32_t operation;
    int32_t low;
    int32_t high;
};

MW_KERNEL void mw_divide_s32(const struct mw_divide_s32_params *p, const int32_t *first, const int32_t *second,
                           int32_t *output)
{
    MW_FOR_EACH_PAIR(p, int32_t, first, second, output, mw_clamp(mw_divide(p->operation, *left, *right), p->low, p->high));
}

#endif
