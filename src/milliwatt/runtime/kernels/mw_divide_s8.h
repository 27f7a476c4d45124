/* SPDX-License-Identifier: Apache-2.0 */
/* Quotients and remainders of int8, as stored. */
#ifndef MW_DIVIDE_S8_H
#define MW_DIVIDE_S8_H

#include "mw_broadcast.h"
#include "mw_divide.h"

struct mw_divide_s8_params {
    int32_t rows;
    int32_t count;
    int32_t extent_1;
    int32_t extent_2;
    int32_t extent_3;
    int32_t extent_4;
    int32_t first_mask;
    int32_t second_mask;
    int32_t operation;
};

MW_KERNEL void mw_divide_s8(const struct mw_divide_s8_params *p, const int8_t *first, const int8_t *second,
                           int8_t *output)
{
    MW_FOR_EACH_PAIR(p, int8_t, first, second, output, (int8_t)mw_divide(p->operation, *left, *right));
}

#endif
