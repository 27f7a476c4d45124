/* SPDX-License-Identifier: Apache-2.0 */
/* FLOOR_MOD, int64: the remainder has the divisor's sign; that of x / 0 is 0. */
#ifndef MW_FLOOR_MOD_S64_H
#define MW_FLOOR_MOD_S64_H

#include "mw_broadcast.h"

struct mw_floor_mod_s64_params {
    int32_t rows;
    int32_t count;
    int32_t extent_1;
    int32_t extent_2;
    int32_t extent_3;
    int32_t extent_4;
    int32_t first_mask;
    int32_t second_mask;
};

MW_INLINE int64_t mw_floor_mod_s64_element(int64_t dividend, int64_t divisor)
{
    int64_t remainder;
    if (divisor == 0 || divisor == -1) {
        return 0;
    }
    remainder = dividend % divisor;
    return remainder != 0 && (remainder < 0) != (divisor < 0) ? remainder + divisor : remainder;
}

MW_KERNEL void mw_floor_mod_s64(const struct mw_floor_mod_s64_params *p, const int64_t *first, const int64_t *second,
                                int64_t *output)
{
    MW_FOR_EACH_PAIR(p, int64_t, first, second, output, mw_floor_mod_s64_element(*left, *right));
}

#endif
