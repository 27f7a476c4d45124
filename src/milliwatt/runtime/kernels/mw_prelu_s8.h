/* SPDX-License-Identifier: Apache-2.0 */
/* PRELU, int8: either branch has a multiplier of its own. */
#ifndef MW_PRELU_S8_H
#define MW_PRELU_S8_H

#include "mw_broadcast.h"
#include "mw_requantize_small.h"

struct mw_prelu_s8_params {
    int32_t rows;
    int32_t count;
    int32_t extent_1;
    int32_t extent_2;
    int32_t extent_3;
    int32_t extent_4;
    int32_t first_mask;
    int32_t second_mask;
    int32_t first_offset;
    int32_t second_offset;
    int32_t output_offset;
    int32_t positive_mantissa;
    int32_t positive_exponent;
    int32_t negative_mantissa;
    int32_t negative_exponent;
    int32_t low;
    int32_t high;
    int32_t rounding;
};

MW_INLINE int8_t mw_prelu_s8_element(const struct mw_prelu_s8_params *p, int32_t left, int32_t right)
{
    const int32_t value = left + p->first_offset;
    if (value >= 0) {
        return (int8_t)mw_finish_small(value, p->positive_mantissa, p->positive_exponent, p->rounding,
                                       p->output_offset, p->low, p->high);
    }
    return (int8_t)mw_finish_small(value * (right + p->second_offset), p->negative_mantissa, p->negative_exponent,
                                   p->rounding, p->output_offset, p->low, p->high);
}

MW_KERNEL void mw_prelu_s8(const struct mw_prelu_s8_params *p, const int8_t *first, const int8_t *second,
                           int8_t *output)
{
    MW_FOR_EACH_PAIR(p, int8_t, first, second, output, mw_prelu_s8_element(p, *left, *right));
}

#endif
