/* SPDX-License-Identifier: Apache-2.0 */
/* TANH, int16, in steps of 2^-15; table: 256 samples of the logistic function in steps of 2^-16.
 * Goes forwards and reads element i before it writes element i. */
#ifndef MW_TANH_S16_H
#define MW_TANH_S16_H

#include "mw_sigmoid_16.h"

struct mw_tanh_s16_params {
    int32_t count;
    int32_t multiplier;
    int32_t shift;
};

MW_KERNEL void mw_tanh_s16(const struct mw_tanh_s16_params *p, const int16_t *input, int16_t *output,
                           const uint16_t *table)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        const int32_t x = mw_sigmoid_scale(input[i], p->multiplier, p->shift);
        const uint32_t distance = x < 0 ? 0u - (uint32_t)x : (uint32_t)x;
        const int32_t magnitude = mw_sigmoid_interpolate(table, distance, 8, 16776960);
        const int32_t total = x >= 0 ? magnitude - 8388608 + 128 : 8388608 - magnitude + 127;
        output[i] = (int16_t)(total >> 8);
    }
}

#endif
