/* SPDX-License-Identifier: Apache-2.0 */
/* Sums, differences, products, squared differences and extremes of int64, which wrap, with a fused activation. */
#ifndef MW_ARITHMETIC_S64_H
#define MW_ARITHMETIC_S64_H

#include "mw_broadcast.h"
#include "mw_operation.h"

struct mw_arithmetic_s64_params {
    int32_t rows;
    int32_t count;
    int32_t extent_1;
    int32_t extent_2;
    int32_t extent_3;
    int32_t extent_4;
    int32_t first_mask;
    int32_t second_mask;
    int32_t operation;
    int32_t has_low;
    int32_t low; /* when has_low is not 0 */
    int32_t has_high;
    int32_t high; /* when has_high is not 0 */
};

MW_INLINE int64_t mw_arithmetic_s64_raw(int32_t operation, int64_t left, int64_t right)
{
    const uint64_t difference = (uint64_t)left - (uint64_t)right;
    switch (operation) {
    case MW_ADD:
        return (int64_t)((uint64_t)left + (uint64_t)right);
    case MW_SUB:
        return (int64_t)difference;
    case MW_MUL:
        return (int64_t)((uint64_t)left * (uint64_t)right);
    case MW_SQUARED_DIFFERENCE:
        return (int64_t)(difference * difference);
    case MW_MINIMUM:
        return left < right ? left : right;
    default: /* MW_MAXIMUM */
        return left > right ? left : right;
    }
}

MW_INLINE int64_t mw_arithmetic_s64_element(const struct mw_arithmetic_s64_params *p, int64_t left, int64_t right)
{
    const int64_t result = mw_arithmetic_s64_raw(p->operation, left, right);
    if (p->has_low != 0 && result < p->low) {
        return p->low;
    }
    return p->has_high != 0 && result > p->high ? p->high : result;
}

MW_KERNEL void mw_arithmetic_s64(const struct mw_arithmetic_s64_params *p, const int64_t *first,
                               const int64_t *second, int64_t *output)
{
    MW_FOR_EACH_PAIR(p, int64_t, first, second, output, mw_arithmetic_s64_element(p, *left, *right));
}

#endif
