/* SPDX-License-Identifier: Apache-2.0 */
/* QUANTIZE, int32 to int16: rescales.
 * Goes forwards and reads element i before it writes element i. */
#ifndef MW_QUANTIZE_S32_S16_H
#define MW_QUANTIZE_S32_S16_H

#include "mw_requantize.h"

struct mw_quantize_s32_s16_params {
    int32_t count;
    int32_t input_zero;
    int32_t output_zero;
    int32_t mantissa;
    int32_t exponent;
    int32_t low;
    int32_t high;
    int32_t rounding;
};

MW_KERNEL void mw_quantize_s32_s16(const struct mw_quantize_s32_s16_params *p, const int32_t *input, int16_t *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        const int32_t centred = (int32_t)((uint32_t)input[i] - (uint32_t)p->input_zero);
        const int32_t scaled = mw_requantize(centred, p->mantissa, p->exponent, p->rounding);
        const int32_t total = (int32_t)((uint32_t)scaled + (uint32_t)p->output_zero);
        output[i] = (int16_t)mw_clamp(total, p->low, p->high);
    }
}

#endif
