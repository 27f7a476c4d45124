/* SPDX-License-Identifier: Apache-2.0 */
/* ABS, int16 without quantisation: the lowest value wraps to itself.
 * Goes forwards and reads element i before it writes element i. */
#ifndef MW_ABS_S16_H
#define MW_ABS_S16_H

#include "mw_base.h"

struct mw_abs_s16_params {
    int32_t count;
};

MW_KERNEL void mw_abs_s16(const struct mw_abs_s16_params *p, const int16_t *input, int16_t *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        const int16_t x = input[i];
        output[i] = x < 0 ? (int16_t)(0u - (uint32_t)x) : x;
    }
}

#endif
