/* SPDX-License-Identifier: Apache-2.0 */
/* Sums, differences, products, squared differences and extremes of int32, which wrap, with a fused activation. */
#ifndef MW_ARITHMETIC_S32_H
#define MW_ARITHMETIC_S32_H

#include "mw_broadcast.h"
#include "mw_operation.h"
#include "mw_requantize.h"

struct mw_arithmetic_s32_params {
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

MW_INLINE int32_t mw_arithmetic_s32_raw(int32_t operation, int32_t left, int32_t right)
{
    const uint32_t difference = (uint32_t)left - (uint32_t)right;
    switch (operation) {
    case MW_ADD:
        return (int32_t)((uint32_t)left + (uint32_t)right);
    case MW_SUB:
        return (int32_t)difference;
    case MW_MUL:
        return (int32_t)((uint32_t)left * (uint32_t)right);
    case MW_SQUARED_DIFFERENCE:
        return (int32_t)(difference * difference);
    case MW_MINIMUM:
        return left < right ? left : right;
    default: /* MW_MAXIMUM */
        return left > right ? left : right;
    }
}

MW_INLINE int32_t mw_arithmetic_s32_element(const struct mw_arithmetic_s32_params *p, int32_t left, int32_t right)
{
    const int32_t result = mw_arithmetic_s32_raw(p->operation, left, right);
    return mw_clamp(result, p->low, p->high);
}

MW_KERNEL void mw_arithmetic_s32(const struct mw_arithmetic_s32_params *p, const int32_t *first,
                               const int32_t *second, int32_t *output)
{
    MW_FOR_EACH_PAIR(p, int32_t, first, second, output, mw_arithmetic_s32_element(p, *left, *right));
}

#endif
