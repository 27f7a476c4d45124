/* SPDX-License-Identifier: Apache-2.0 */
/* Rescaling in two instructions (SMMLA, SSAT) with constants that lowering has fitted to the contract of
 * mw_requantize.h and checked at every sum where the output changes: see lower/rescale_fit.py. */
#ifndef MW_RESCALE_FITTED_H
#define MW_RESCALE_FITTED_H

#include "mw_requantize.h"

/* offset + the upper word of left * right, as the instruction SMMLA. */
MW_INLINE int32_t mw_smmla(int32_t left, int32_t right, int32_t offset)
{
    return mw_add_wrapping(offset, (int32_t)(((int64_t)left * (int64_t)right) >> 32));
}

/* jump is added for negative sums; 0 where the contract needs none. The offset contains the zero point. */
MW_INLINE int8_t mw_rescale_fitted(int32_t sum, int32_t mantissa, int32_t offset, int32_t jump, int32_t shift)
{
    const int32_t scaled = mw_smmla(sum, mantissa, offset + (sum < 0 ? jump : 0));
    return (int8_t)mw_clamp(scaled >> shift, -128, 127);
}

#endif
