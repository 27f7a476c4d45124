/* SPDX-License-Identifier: Apache-2.0 */
/* Sums, differences, products, quotients, squared differences and extremes of floats, with a fused activation. */
#ifndef MW_ARITHMETIC_F32_H
#define MW_ARITHMETIC_F32_H

#include "mw_broadcast.h"
#include "mw_clamp_f32.h"
#include "mw_operation.h"

struct mw_arithmetic_f32_params {
    int32_t rows;
    int32_t count;
    int32_t extent_1;
    int32_t extent_2;
    int32_t extent_3;
    int32_t extent_4;
    int32_t first_mask;
    int32_t second_mask;
    int32_t operation;
    int32_t clamped; /* 0 for operators that have no activation */
    float low;
    float high;
};

MW_INLINE float mw_arithmetic_f32_raw(int32_t operation, float left, float right)
{
    switch (operation) {
    case MW_ADD:
        return left + right;
    case MW_SUB:
        return left - right;
    case MW_MUL:
        return left * right;
    case MW_DIV:
        return left / right;
    case MW_SQUARED_DIFFERENCE:
        return (left - right) * (left - right);
    case MW_MINIMUM:
        return left < right ? left : right;
    default: /* MW_MAXIMUM */
        return left > right ? left : right;
    }
}

MW_INLINE float mw_arithmetic_f32_element(const struct mw_arithmetic_f32_params *p, float left, float right)
{
    const float result = mw_arithmetic_f32_raw(p->operation, left, right);
    return p->clamped != 0 ? mw_clamp_f32(result, p->low, p->high) : result;
}

MW_KERNEL void mw_arithmetic_f32(const struct mw_arithmetic_f32_params *p, const float *first, const float *second,
                                 float *output)
{
    MW_FOR_EACH_PAIR(p, float, first, second, output, mw_arithmetic_f32_element(p, *left, *right));
}

#endif
