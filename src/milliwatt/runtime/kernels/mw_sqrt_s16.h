/* SPDX-License-Identifier: Apache-2.0 */
/* SQRT, int16: root and quotient in float32, truncated. Negative data counts as zero.
 * Goes forwards and reads element i before it writes element i. */
#ifndef MW_SQRT_S16_H
#define MW_SQRT_S16_H

#include "mw_sqrt.h"

struct mw_sqrt_s16_params {
    int32_t count;
    float scale;
    float output_scale;
    int32_t input_zero;
    int32_t output_zero;
};

MW_KERNEL void mw_sqrt_s16(const struct mw_sqrt_s16_params *p, const int16_t *input, int16_t *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        const int32_t x = input[i] - p->input_zero;
        const float quotient = mw_sqrt(p->scale * (float)(x < 0 ? 0 : x)) / p->output_scale;
        const int32_t steps = quotient < 1048576.0f ? (int32_t)quotient : 1048576;
        const int32_t total = steps + p->output_zero;
        output[i] = (int16_t)(total > 32767 ? 32767 : total);
    }
}

#endif
