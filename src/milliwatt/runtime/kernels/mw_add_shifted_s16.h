/* SPDX-License-Identifier: Apache-2.0 */
/* ADD and SUB, int16, where all scales are powers of two: the finer input is shifted to the right. */
#ifndef MW_ADD_SHIFTED_S16_H
#define MW_ADD_SHIFTED_S16_H

#include "mw_broadcast.h"
#include "mw_requantize.h"

struct mw_add_shifted_s16_params {
    int32_t rows;
    int32_t count;
    int32_t extent_1;
    int32_t extent_2;
    int32_t extent_3;
    int32_t extent_4;
    int32_t first_mask;
    int32_t second_mask;
    int32_t first_shift;
    int32_t second_shift;
    int32_t second_sign; /* 1 or -1 */
    int32_t low;
    int32_t high;
};

MW_INLINE int16_t mw_add_shifted_s16_element(const struct mw_add_shifted_s16_params *p, int32_t left, int32_t right)
{
    const int32_t first = mw_rounding_shift_right(left, p->first_shift);
    const int32_t second = mw_rounding_shift_right(right, p->second_shift);
    return (int16_t)mw_clamp(first + second * p->second_sign, p->low, p->high);
}

MW_KERNEL void mw_add_shifted_s16(const struct mw_add_shifted_s16_params *p, const int16_t *first,
                                  const int16_t *second, int16_t *output)
{
    MW_FOR_EACH_PAIR(p, int16_t, first, second, output, mw_add_shifted_s16_element(p, *left, *right));
}

#endif
