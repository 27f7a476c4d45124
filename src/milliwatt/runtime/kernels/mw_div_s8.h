/* SPDX-License-Identifier: Apache-2.0 */
/* DIV, int8: the dividend times the divisor's reciprocal, rescaled. x / 0 is 0. */
#ifndef MW_DIV_S8_H
#define MW_DIV_S8_H

#include "mw_broadcast.h"
#include "mw_reciprocal.h"

struct mw_div_s8_params {
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
};

/* dividend / divisor on the output's scale; divisor > 0. The shift is clamped where nothing is left of 31 bits. */
MW_INLINE int32_t mw_div_s8_quotient(const struct mw_div_s8_params *p, int32_t dividend, int32_t divisor)
{
    const int32_t length = mw_bit_length(divisor);
    const int32_t headroom = 31 - mw_bit_length(dividend < 0 ? ~dividend : dividend);
    const int32_t quotient =
        mw_doubling_high_multiply(mw_shift_left(dividend, headroom), mw_reciprocal(divisor, length));
    const int32_t shift = length - 1 + headroom - p->exponent;
    const int32_t scaled = mw_doubling_high_multiply(quotient, p->mantissa);
    return shift > 31 ? 0 : mw_rounding_shift_right(scaled, shift);
}

MW_INLINE int8_t mw_div_s8_element(const struct mw_div_s8_params *p, int32_t left, int32_t right)
{
    const int32_t dividend = left + p->first_offset;
    const int32_t divisor = right + p->second_offset;
    int32_t quotient = 0;
    if (divisor > 0) {
        quotient = mw_div_s8_quotient(p, dividend, divisor);
    } else if (divisor < 0) {
        quotient = mw_div_s8_quotient(p, -dividend, -divisor);
    }
    return (int8_t)mw_clamp_offset(quotient, p->output_offset, p->low, p->high);
}

MW_KERNEL void mw_div_s8(const struct mw_div_s8_params *p, const int8_t *first, const int8_t *second, int8_t *output)
{
    MW_FOR_EACH_PAIR(p, int8_t, first, second, output, mw_div_s8_element(p, *left, *right));
}

#endif
