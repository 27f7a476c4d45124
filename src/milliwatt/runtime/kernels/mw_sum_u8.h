/* SPDX-License-Identifier: Apache-2.0 */
/* MEAN of uint8_t with scales: an exact sum, which fits 32 bits, and one rescaling. */
#ifndef MW_SUM_U8_H
#define MW_SUM_U8_H

#include "mw_reduce.h"
#include "mw_requantize.h"

struct mw_sum_u8_params {
    int32_t kept_0;
    int32_t reduced_0;
    int32_t kept_1;
    int32_t reduced_1;
    int32_t kept_2;
    int32_t reduced_2;
    int32_t kept_3;
    int32_t start; /* minus the input's zero point times the elements per sum */
    int32_t output_offset;
    int32_t mantissa;
    int32_t exponent;
    int32_t low;
    int32_t high;
    int32_t rounding;
};

MW_INLINE uint8_t mw_sum_u8_finish(const struct mw_sum_u8_params *p, int32_t total)
{
    const int32_t scaled = mw_requantize(total, p->mantissa, p->exponent, p->rounding);
    return (uint8_t)mw_clamp_offset(scaled, p->output_offset, p->low, p->high);
}

MW_KERNEL void mw_sum_u8(const struct mw_sum_u8_params *p, const uint8_t *input, uint8_t *output)
{
    MW_REDUCE(p, uint8_t, int32_t, input, output, p->start, total + value, mw_sum_u8_finish(p, total));
}

#endif
