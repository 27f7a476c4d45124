/* SPDX-License-Identifier: Apache-2.0 */
/* MEAN of int32: the sum in 64 bits, divided towards zero. */
#ifndef MW_MEAN_S32_H
#define MW_MEAN_S32_H

#include "mw_reduce.h"

struct mw_mean_s32_params {
    int32_t kept_0;
    int32_t reduced_0;
    int32_t kept_1;
    int32_t reduced_1;
    int32_t kept_2;
    int32_t reduced_2;
    int32_t kept_3;
    int32_t count; /* elements per output */
};

MW_KERNEL void mw_mean_s32(const struct mw_mean_s32_params *p, const int32_t *input, int32_t *output)
{
    MW_REDUCE(p, int32_t, int64_t, input, output, 0, total + value, (int32_t)(total / p->count));
}

#endif
