/* SPDX-License-Identifier: Apache-2.0 */
/* MEAN, SUM, REDUCE_MAX, REDUCE_MIN and REDUCE_PROD of floats, in order. */
#ifndef MW_REDUCE_F32_H
#define MW_REDUCE_F32_H

#include "mw_reduce.h"

struct mw_reduce_f32_params {
    int32_t kept_0;
    int32_t reduced_0;
    int32_t kept_1;
    int32_t reduced_1;
    int32_t kept_2;
    int32_t reduced_2;
    int32_t kept_3;
    int32_t operation;
    float start; /* 0, 1 or the worst value */
    int32_t count; /* for MEAN, the elements per output, else 0 */
};

MW_INLINE float mw_reduce_f32_combine(int32_t operation, float total, float value)
{
    switch (operation) {
    case MW_REDUCE_SUM:
        return total + value;
    case MW_REDUCE_PROD:
        return total * value;
    case MW_REDUCE_MAX:
        return value > total ? value : total;
    default: /* MW_REDUCE_MIN */
        return value < total ? value : total;
    }
}

MW_KERNEL void mw_reduce_f32(const struct mw_reduce_f32_params *p, const float *input, float *output)
{
    const float start = p->start;
    MW_REDUCE(p, float, float, input, output, start, mw_reduce_f32_combine(p->operation, total, value),
              p->count != 0 ? total / (float)p->count : total);
}

#endif
