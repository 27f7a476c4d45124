/* SPDX-License-Identifier: Apache-2.0 */
/* One of two inputs brought to their common scale (TFLite kernels/internal/reference/add.h). */
#ifndef MW_RESCALED_PAIR_H
#define MW_RESCALED_PAIR_H

#include "mw_requantize_small.h"

/* |value + offset| is at most 2^15 with a shift of 15, or less than 2^8 with one of 20 or less: no overflow. */
MW_INLINE int32_t mw_rescaled(int32_t value, int32_t offset, int32_t left_shift, int32_t mantissa, int32_t exponent,
                              int32_t rounding)
{
    return mw_requantize((value + offset) * ((int32_t)1 << left_shift), mantissa, exponent, rounding);
}

/* The same for 8-bit values, whose shifted sums stay below 2^28. */
MW_INLINE int32_t mw_rescaled_small(int32_t value, int32_t offset, int32_t left_shift, int32_t mantissa,
                                    int32_t exponent, int32_t rounding)
{
    return mw_requantize_small((value + offset) * ((int32_t)1 << left_shift), mantissa, exponent, rounding);
}

#endif
