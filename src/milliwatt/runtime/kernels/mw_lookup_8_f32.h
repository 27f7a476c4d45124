/* SPDX-License-Identifier: Apache-2.0 */
/* Any element-wise operator on 8-bit data, with float32 results: one table entry per input byte.
 * Goes forwards and reads element i before it writes element i. */
#ifndef MW_LOOKUP_8_F32_H
#define MW_LOOKUP_8_F32_H

#include "mw_base.h"

struct mw_lookup_8_f32_params {
    int32_t count;
};

MW_KERNEL void mw_lookup_8_f32(const struct mw_lookup_8_f32_params *p, const uint8_t *input, float *output,
                     const float *table)
{
    const uint8_t *const end = input + p->count;
    const uint8_t *const unrolled_end = input + (p->count & ~3);
    while (input != unrolled_end) {
        const float first = table[input[0]];
        const float second = table[input[1]];
        const float third = table[input[2]];
        const float fourth = table[input[3]];
        output[0] = first;
        output[1] = second;
        output[2] = third;
        output[3] = fourth;
        input += 4;
        output += 4;
    }
    while (input != end) {
        *output++ = table[*input++];
    }
}

#endif
