/* SPDX-License-Identifier: Apache-2.0 */
/* ADD and SUB, uint8: both inputs are rescaled to a common scale, their sum to the output's. */
#ifndef MW_ADD_U8_H
#define MW_ADD_U8_H

#include "mw_broadcast.h"
#include "mw_rescaled_pair.h"

struct mw_add_u8_params {
    int32_t rows;
    int32_t count;
    int32_t extent_1;
    int32_t extent_2;
    int32_t extent_3;
    int32_t extent_4;
    int32_t first_mask;
    int32_t second_mask;
    int32_t first_offset;
    int32_t first_mantissa;
    int32_t first_exponent;
    int32_t second_offset;
    int32_t second_mantissa;
    int32_t second_exponent;
    int32_t second_sign; /* 1 or -1 */
    int32_t left_shift;
    int32_t output_offset;
    int32_t output_mantissa;
    int32_t output_exponent;
    int32_t low;
    int32_t high;
    int32_t rounding;
};

MW_INLINE uint8_t mw_add_u8_element(const struct mw_add_u8_params *p, int32_t left, int32_t right)
{
    const int32_t first =
        mw_rescaled_small(left, p->first_offset, p->left_shift, p->first_mantissa, p->first_exponent, p->rounding);
    const int32_t second =
        mw_rescaled_small(right, p->second_offset, p->left_shift, p->second_mantissa, p->second_exponent, p->rounding);
    const int32_t total = first + second * p->second_sign;
    return (uint8_t)mw_finish_small(total, p->output_mantissa, p->output_exponent, p->rounding, p->output_offset, p->low,
                                   p->high);
}

MW_KERNEL void mw_add_u8(const struct mw_add_u8_params *p, const uint8_t *first, const uint8_t *second,
                        uint8_t *output)
{
    MW_FOR_EACH_PAIR(p, uint8_t, first, second, output, mw_add_u8_element(p, *left, *right));
}

#endif
