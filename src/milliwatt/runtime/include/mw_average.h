/* SPDX-License-Identifier: Apache-2.0 */
/* The mean of integers. */
#ifndef MW_AVERAGE_H
#define MW_AVERAGE_H

#include "mw_base.h"

/* sum / count to nearest, ties away from zero. */
MW_INLINE int32_t mw_average(int32_t sum, int32_t count)
{
    return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

#endif
