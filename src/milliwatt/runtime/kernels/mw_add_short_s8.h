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

/* Two neighbouring sums. All four values are loaded before anything is computed with them, since neighbouring loads
 * take one cycle each. */
MW_INLINE void mw_add_short_s8_two(const struct mw_add_short_s8_params *p, const int8_t *left, const int8_t *right,
                                   int8_t *sums)
{
    int32_t left_0 = left[0];
    int32_t left_1 = left[1];
    int32_t right_0 = right[0];
    int32_t right_1 = right[1];
#if defined(__arm__) && (defined(__GNUC__) || defined(__clang__))
    __asm__("" : "+r"(left_0), "+r"(left_1), "+r"(right_0), "+r"(right_1));
#endif
    sums[0] = mw_add_short_s8_element(p, left_0, right_0);
    sums[1] = mw_add_short_s8_element(p, left_1, right_1);
}

/* Elements that lie side by side in both inputs, four at a time; each four are read before they are written. */
MW_INLINE void mw_add_short_s8_line(const struct mw_add_short_s8_params *p, const int8_t *left, const int8_t *right,
                                    int8_t *output)
{
    const int8_t *const end = left + p->count;
    const int8_t *const unrolled_end = left + (p->count & ~3);
    while (left != unrolled_end) {
        int8_t sums[4];
        mw_add_short_s8_two(p, left, right, sums);
        mw_add_short_s8_two(p, left + 2, right + 2, sums + 2);
        output[0] = sums[0];
        output[1] = sums[1];
        output[2] = sums[2];
        output[3] = sums[3];
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
