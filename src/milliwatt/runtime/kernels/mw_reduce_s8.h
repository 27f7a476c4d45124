/* SPDX-License-Identifier: Apache-2.0 */
/* REDUCE_MAX and REDUCE_MIN of int8_t. */
#ifndef MW_REDUCE_S8_H
#define MW_REDUCE_S8_H

#include "mw_reduce.h"

struct mw_reduce_s8_params {
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

MW_INLINE int8_t mw_reduce_s8_combine(int32_t operation, int8_t total, int8_t value)
{
    return (operation == MW_REDUCE_MAX) == (value > total) ? value : total;
}

MW_KERNEL void mw_reduce_s8(const struct mw_reduce_s8_params *p, const int8_t *input, int8_t *output)
{
    MW_REDUCE(p, int8_t, int8_t, input, output, (int8_t)p->start, mw_reduce_s8_combine(p->operation, total, value), total);
}

#endif
