/* SPDX-License-Identifier: Apache-2.0 */
/* MEAN, SUM, REDUCE_MAX, REDUCE_MIN and REDUCE_PROD of int64, which wrap. */
#ifndef MW_REDUCE_S64_H
#define MW_REDUCE_S64_H

#include "mw_reduce.h"

struct mw_reduce_s64_params {
    int32_t kept_0;
    int32_t reduced_0;
    int32_t kept_1;
    int32_t reduced_1;
    int32_t kept_2;
    int32_t reduced_2;
    int32_t kept_3;
    int32_t operation;
    int32_t start_low;  /* 0, 1 or the worst value, in two halves */
    int32_t start_high;
    int32_t count; /* for MEAN, the elements per output, else 0 */
};

MW_INLINE int64_t mw_reduce_s64_combine(int32_t operation, int64_t total, int64_t value)
{
    switch (operation) {
    case MW_REDUCE_SUM:
        return (int64_t)((uint64_t)total + (uint64_t)value);
    case MW_REDUCE_PROD:
        return (int64_t)((uint64_t)total * (uint64_t)value);
    case MW_REDUCE_MAX:
        return value > total ? value : total;
    default: /* MW_REDUCE_MIN */
        return value < total ? value : total;
    }
}

MW_KERNEL void mw_reduce_s64(const struct mw_reduce_s64_params *p, const int64_t *input, int64_t *output)
{
    const int64_t start = (int64_t)(((uint64_t)(uint32_t)p->start_high << 32) | (uint32_t)p->start_low);
    MW_REDUCE(p, int64_t, int64_t, input, output, start, mw_reduce_s64_combine(p->operation, total, value),
              p->count != 0 ? total / p->count : total);
}

#endif
