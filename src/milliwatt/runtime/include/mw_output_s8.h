/* SPDX-License-Identifier: Apache-2.0 */
/* One int8 output of an accumulator, by mw_rescale_short.h. */
#ifndef MW_OUTPUT_S8_H
#define MW_OUTPUT_S8_H

#include "mw_rescale_short.h"

/* The rounding, zero point and range of an output, compile-time constants. */
struct mw_output_s8 {
    int32_t zero_point;
    int32_t low;
    int32_t high;
    int32_t rounding;
};

/* value: accumulator * 2^bits. */
MW_INLINE int8_t mw_output_s8_of(const struct mw_output_s8 *p, int32_t value, int32_t bits, int32_t mantissa,
                                 int32_t halving)
{
    const int32_t scaled = mw_rescale_short(value, bits, mantissa, halving, p->zero_point, p->rounding);
    return (int8_t)mw_clamp(scaled, p->low, p->high);
}

#endif
