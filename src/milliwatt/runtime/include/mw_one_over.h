/* SPDX-License-Identifier: Apache-2.0 */
/* One over a fixed-point number of 1..2, without a division. */
#ifndef MW_ONE_OVER_H
#define MW_ONE_OVER_H

#include "mw_base.h"

/* 2^62 / value for 2^31 <= value < 2^32, at most 2^31 and off by at most 4. Newton's iteration from the best
 * line, whose relative error of 1/17 becomes 2^-8, 2^-16 and 2^-32. */
MW_INLINE uint32_t mw_one_over(uint32_t value)
{
    /* In steps of 2^-31, for a value in 1..2: 24/17 - 8/17 * value. */
    int64_t root = (int64_t)3031741621 - (int64_t)(((uint64_t)value * 2021161081u) >> 32);
    int32_t i;
    for (i = 0; i < 3; i++) {
        const int64_t error = (((int64_t)1 << 62) - (int64_t)value * root) >> 31;
        root += (root * error) >> 31;
    }
    return (uint32_t)root;
}

#endif
