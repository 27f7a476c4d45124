/* SPDX-License-Identifier: Apache-2.0 */
/* MUL, int16: the product without zero points, rescaled. */
#ifndef MW_MUL_S16_H
#define MW_MUL_S16_H

#include "mw_broadcast.h"
#include "mw_requantize.h"

struct mw_mul_s16_params {
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
    int32_t mantissa;
    int32_t exponent;
    int32_t low;
    int32_t high;
    int32_t rounding;
};

MW_INLINE int16_t mw_mul_s16_element(const struct mw_mul_s16_params *p, int32_t left, int32_t right)
{
    const int32_t product = (left + p->first_offset) * (right + p->second_offset);
    const int32_t scaled = mw_requantize(product, p->mantissa, p->exponent, p->rounding);
    return (int16_t)mw_clamp_offset(scaled, p->output_offset, p->low, p->high);
}

MW_KERNEL void mw_mul_s16(const struct mw_mul_s16_params *p, const int16_t *first, const int16_t *second,
                        int16_t *output)
{
    MW_FOR_EACH_PAIR(p, int16_t, first, second, output, mw_mul_s16_element(p, *left, *right));
}

#endif
