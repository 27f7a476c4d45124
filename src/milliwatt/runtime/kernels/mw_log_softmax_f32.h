/* SPDX-License-Identifier: Apache-2.0 */
/* LOG_SOFTMAX, float32. Goes forwards; an element is last read before its result is written. */
#ifndef MW_LOG_SOFTMAX_F32_H
#define MW_LOG_SOFTMAX_F32_H

#include "mw_exp.h"
#include "mw_log.h"

struct mw_log_softmax_f32_params {
    int32_t rows;
    int32_t depth;
};

MW_KERNEL void mw_log_softmax_f32(const struct mw_log_softmax_f32_params *p, const float *input, float *output)
{
    int32_t row;
    int32_t i;
    for (row = 0; row < p->rows; row++) {
        float largest = input[0];
        float sum = 0.0f;
        float logarithm;
        for (i = 1; i < p->depth; i++) {
            largest = input[i] > largest ? input[i] : largest;
        }
        for (i = 0; i < p->depth; i++) {
            sum += mw_exp(input[i] - largest);
        }
        logarithm = mw_log(sum);
        for (i = 0; i < p->depth; i++) {
            output[i] = input[i] - largest - logarithm;
        }
        input += p->depth;
        output += p->depth;
    }
}

#endif
