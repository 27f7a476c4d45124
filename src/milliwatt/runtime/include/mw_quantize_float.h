/* SPDX-License-Identifier: Apache-2.0 */
/* From float32 to an integer of at most 16 bits. */
#ifndef MW_QUANTIZE_FLOAT_H
#define MW_QUANTIZE_FLOAT_H

#include "mw_base.h"

/* round(value / scale) + zero_point, ties away from zero, limited to low..high; NaN becomes low. */
MW_INLINE int32_t mw_quantize_float(float value, float scale, int32_t zero_point, int32_t low, int32_t high)
{
    const float quotient = value / scale;
    int32_t whole;
    float rest;
    if (!(quotient > (float)(low - zero_point))) {
        return low;
    }
    if (quotient >= (float)(high - zero_point)) {
        return high;
    }
    whole = (int32_t)quotient;
    rest = quotient - (float)whole;
    whole += rest >= 0.5f ? 1 : 0;
    whole -= rest <= -0.5f ? 1 : 0;
    return whole + zero_point;
}

#endif
