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

MW_KERNEL void mw_add_short_s8(const struct mw_add_short_s8_params *p, const int8_t *first, const int8_t *second,
                               int8_t *output)
{
    MW_FOR_EACH_PAIR(p, int8_t, first, second, output, mw_add_short_s8_element(p, *left, *right));
}

#endif
