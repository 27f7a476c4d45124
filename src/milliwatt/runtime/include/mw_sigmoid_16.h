/* SPDX-License-Identifier: Apache-2.0 */
/* What LOGISTIC and TANH on int16 share: TFLite's table of the logistic function with linear interpolation. */
#ifndef MW_SIGMOID_16_H
#define MW_SIGMOID_16_H

#include "mw_base.h"

/* x * multiplier / 2^shift, ties upwards; |x * multiplier| < 2^31. */
MW_INLINE int32_t mw_sigmoid_scale(int32_t x, int32_t multiplier, int32_t shift)
{
    return shift > 0 ? (x * multiplier + ((int32_t)1 << (shift - 1))) >> shift : x * multiplier;
}

/* The table between its samples, which lie 2^bits apart, times 2^bits; ``saturated`` behind the last one. */
MW_INLINE int32_t mw_sigmoid_interpolate(const uint16_t *table, uint32_t magnitude, int32_t bits, int32_t saturated)
{
    const uint32_t index = magnitude >> bits;
    if (index >= 255u) {
        return saturated;
    }
    {
        const int32_t first = (int32_t)table[index];
        const int32_t step = (int32_t)table[index + 1u] - first;
        return first * ((int32_t)1 << bits) + (int32_t)(magnitude & (((uint32_t)1 << bits) - 1u)) * step;
    }
}

#endif
