/* SPDX-License-Identifier: Apache-2.0 */
/* REDUCE_MAX and REDUCE_MIN of int16_t. */
#ifndef MW_REDUCE_S16_H
#define MW_REDUCE_S16_H

#include "mw_reduce.h"

struct mw_reduce_s16_params {
    int32_t kept_0;
    int32_t reduced_0;
    int32_t kept_1;
    int32_t reduced_1;
    int32_t kept_2;
    int32_t reduced_2;
    int32_t kept_3;
    int32_t operation; /* MW_REDUCE_MAX or MW_REDUCE_MIN */
    int32_t start;     /* the worst value */
};

MW_INLINE int16_t mw_reduce_s16_combine(int32_t operation, int16_t total, int16_t value)
{
    return (operation == MW_REDUCE_MAX) == (value > total) ? value : total;
}

MW_KERNEL void mw_reduce_s16(const struct mw_reduce_s16_params *p, const int16_t *input, int16_t *output)
{
    MW_REDUCE(p, int16_t, int16_t, input, output, (int16_t)p->start, mw_reduce_s16_combine(p->operation, total, value), total);
}

#endif
