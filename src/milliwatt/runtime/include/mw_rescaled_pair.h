/* SPDX-License-Identifier: Apache-2.0 */
/* One of two inputs brought to their common scale (TFLite kernels/internal/reference/add.h). */
#ifndef MW_RESCALED_PAIR_H
#define MW_RESCALED_PAIR_H

#include "mw_requantize.h"

/* |value + offset| is below 2^8 with a shift of 20 or less, or 2^16 with one of 15: no overflow. */
MW_INLINE int32_t mw_rescaled(int32_t value, int32_t offset, int32_t left_shift, int32_t mantissa, int32_t exponent,
                              int32_t rounding)
{
    return mw_requantize((value + offset) * ((int32_t)1 << left_shift), mantissa, exponent, rounding);
}

#endif
