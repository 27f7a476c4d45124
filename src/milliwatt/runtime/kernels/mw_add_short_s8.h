/* SPDX-License-Identifier: Apache-2.0 */
/* ADD and SUB, int8, in two multiplications and one shift: (first_factor * x + second_factor * y + bias) >> shift.
 * Lowering has tried all pairs of bytes: the result is exact for all of them, and no partial sum overflows. */
#ifndef MW_ADD_SHORT_S8_H
#define MW_ADD_SHORT_S8_H

#include "mw_broadcast.h"
#include "mw_requantize.h"

struct mw_add_short_s8_params {
    int32_t rows;
    int32_t count;
    int32_t extent_1;
    int32_t extent_2;
    int32_t extent_3;
    int32_t extent_4;
    int32_t first_mask;
    int32_t second_mask;
    int32_t first_factor;
    int32_t second_factor;
    int32_t bias;
    int32_t shift;
    int32_t low;
    int32_t high;
};

MW_INLINE int8_t mw_add_short_s8_element(const struct mw_add_short_s8_params *p, int32_t left, int32_t right)
{
    const int32_t total = p->first_factor * left + (p->second_factor * right + p->bias);
    return (int8_t)mw_clamp(total >> p->shift, p->low, p->high);
}

/* Elements that lie side by side in both inputs, four at a time; each four are read before they are written. */
MW_INLINE void mw_add_short_s8_line(const struct mw_add_short_s8_params *p, const int8_t *left, const int8_t *right,
                                    int8_t *output)
{
    const int8_t *const end = left + p->count;
    const int8_t *const unrolled_end = left + (p->count & ~3);
    while (left != unrolled_end) {
        const int8_t sum_0 = mw_add_short_s8_element(p, left[0], right[0]);
        const int8_t sum_1 = mw_add_short_s8_element(p, left[1], right[1]);
        const int8_t sum_2 = mw_add_short_s8_element(p, left[2], right[2]);
        const int8_t sum_3 = mw_add_short_s8_element(p, left[3], right[3]);
        output[0] = sum_0;
        output[1] = sum_1;
        output[2] = sum_2;
        output[3] = sum_3;
        left += 4;
        right += 4;
        output += 4;
    }
    while (left != end) {
        *output++ = mw_add_short_s8_element(p, *left++, *right++);
    }
}

MW_KERNEL void mw_add_short_s8(const struct mw_add_short_s8_params *p, const int8_t *first, const int8_t *second,
                               int8_t *output)
{
    int32_t row;
    if ((p->first_mask & p->second_mask & MW_BROADCAST_INNER) == 0) {
        MW_FOR_EACH_PAIR(p, int8_t, first, second, output, mw_add_short_s8_element(p, *left, *right));
        return;
    }
    for (row = 0; row < p->rows; row++) {
        mw_add_short_s8_line(p, first + MW_BROADCAST_ROW(p, row, p->first_mask),
                             second + MW_BROADCAST_ROW(p, row, p->second_mask), output);
        output += p->count;
    }
}

#endif
