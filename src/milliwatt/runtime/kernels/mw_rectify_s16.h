/* SPDX-License-Identifier: Apache-2.0 */
/* RELU, RELU6, LEAKY_RELU, ABS and QUANTIZE, int16: one slope above zero, one below.
 * Goes forwards and reads element i before it writes element i. */
#ifndef MW_RECTIFY_S16_H
#define MW_RECTIFY_S16_H

#include "mw_requantize.h"

struct mw_rectify_s16_params {
    int32_t count;
    int32_t input_zero;
    int32_t output_zero;
    int32_t absolute; /* whether the sign is dropped first */
    int32_t negate; /* whether the slope below zero is negative */
    int32_t positive_mantissa;
    int32_t positive_exponent;
    int32_t negative_mantissa;
    int32_t negative_exponent;
    int32_t low;
    int32_t high;
    int32_t rounding;
};

MW_KERNEL void mw_rectify_s16(const struct mw_rectify_s16_params *p, const int16_t *input, int16_t *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        int32_t x = input[i] - p->input_zero;
        int32_t y;
        x = p->absolute != 0 && x < 0 ? -x : x;
        if (x >= 0) {
            y = mw_requantize(x, p->positive_mantissa, p->positive_exponent, p->rounding);
        } else {
            y = mw_requantize(x, p->negative_mantissa, p->negative_exponent, p->rounding);
            y = p->negate != 0 ? -y : y;
        }
        output[i] = (int16_t)mw_clamp(y + p->output_zero, p->low, p->high);
    }
}

#endif
