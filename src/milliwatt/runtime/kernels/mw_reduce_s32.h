/* SPDX-License-Identifier: Apache-2.0 */
/* SUM, REDUCE_MAX, REDUCE_MIN and REDUCE_PROD of int32, which wrap. */
#ifndef MW_REDUCE_S32_H
#define MW_REDUCE_S32_H

#include "mw_reduce.h"

struct mw_reduce_s32_params {
    int32_t kept_0;
    int32_t reduced_0;
    int32_t kept_1;
    int32_t reduced_1;
    int32_t kept_2;
    int32_t reduced_2;
    int32_t kept_3;
    int32_t operation;
    int32_t start; /* 0, 1 or the worst value */
};

MW_INLINE int32_t mw_reduce_s32_combine(int32_t operation, int32_t total, int32_t value)
{
    switch (operation) {
    case MW_REDUCE_SUM:
        return (int32_t)((uint32_t)total + (uint32_t)value);
    case MW_REDUCE_PROD:
        return (int32_t)((uint32_t)total * (uint32_t)value);
    case MW_REDUCE_MAX:
        return value > total ? value : total;
    default: /* MW_REDUCE_MIN */
        return value < total ? value : total;
    }
}

MW_KERNEL void mw_reduce_s32(const struct mw_reduce_s32_params *p, const int32_t *input, int32_t *output)
{
    const int32_t start = p->start;
    MW_REDUCE(p, int32_t, int32_t, input, output, start, mw_reduce_s32_combine(p->operation, total, value),
              total);
}

#endif
