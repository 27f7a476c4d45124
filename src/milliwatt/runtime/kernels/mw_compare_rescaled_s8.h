/* SPDX-License-Identifier: Apache-2.0 */
/* Comparisons of two int8 with scales: both are brought to one scale, always with two roundings. */
#ifndef MW_COMPARE_RESCALED_S8_H
#define MW_COMPARE_RESCALED_S8_H

#include "mw_broadcast.h"
#include "mw_relation.h"
#include "mw_rescaled_pair.h"

struct mw_compare_rescaled_s8_params {
    int32_t rows;
    int32_t count;
    int32_t extent_1;
    int32_t extent_2;
    int32_t extent_3;
    int32_t extent_4;
    int32_t first_mask;
    int32_t second_mask;
    int32_t relation;
    int32_t first_offset;
    int32_t first_mantissa;
    int32_t first_exponent;
    int32_t second_offset;
    int32_t second_mantissa;
    int32_t second_exponent;
    int32_t left_shift;
};

MW_INLINE uint8_t mw_compare_rescaled_s8_element(const struct mw_compare_rescaled_s8_params *p, int32_t left,
                                                 int32_t right)
{
    const int32_t first = mw_rescaled_small(left, p->first_offset, p->left_shift, p->first_mantissa, p->first_exponent,
                                      MW_ROUND_DOUBLE);
    const int32_t second = mw_rescaled_small(right, p->second_offset, p->left_shift, p->second_mantissa,
                                       p->second_exponent, MW_ROUND_DOUBLE);
    return mw_holds(p->relation, MW_OUTCOME(first, second));
}

MW_KERNEL void mw_compare_rescaled_s8(const struct mw_compare_rescaled_s8_params *p, const int8_t *first,
                                      const int8_t *second, uint8_t *output)
{
    MW_FOR_EACH_PAIR(p, int8_t, first, second, output, mw_compare_rescaled_s8_element(p, *left, *right));
}

#endif
