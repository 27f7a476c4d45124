/* SPDX-License-Identifier: Apache-2.0 */
/* ABS, int32 without quantisation: the lowest value wraps to itself.
 * Goes forwards and reads element i before it writes element i. */
#ifndef MW_ABS_S32_H
#define MW_ABS_S32_H

#include "mw_base.h"

struct mw_abs_s32_params {
    int32_t count;
};

MW_KERNEL void mw_abs_s32(const struct mw_abs_s32_params *p, const int32_t *input, int32_t *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        const int32_t x = input[i];
        output[i] = x < 0 ? (int32_t)(0u - (uint32_t)x) : x;
    }
}

#endif
