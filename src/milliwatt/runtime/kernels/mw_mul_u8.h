/* SPDX-License-Identifier: Apache-2.0 */
/* MUL, uint8: the product without zero points, rescaled. */
#ifndef MW_MUL_U8_H
#define MW_MUL_U8_H

#include "mw_broadcast.h"
#include "mw_requantize_small.h"

struct mw_mul_u8_params {
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

MW_INLINE uint8_t mw_mul_u8_element(const struct mw_mul_u8_params *p, int32_t left, int32_t right, int32_t mantissa)
{
    const int32_t product = (left + p->first_offset) * (right + p->second_offset);
    return (uint8_t)mw_finish_small(product, mantissa, p->exponent, p->rounding, p->output_offset, p->low, p->high);
}

MW_KERNEL void mw_mul_u8(const struct mw_mul_u8_params *p, const uint8_t *first, const uint8_t *second,
                        uint8_t *output)
{
    const int32_t mantissa = mw_in_register(p->mantissa);
    MW_FOR_EACH_PAIR(p, uint8_t, first, second, output, mw_mul_u8_element(p, *left, *right, mantissa));
}

#endif
