/* SPDX-License-Identifier: Apache-2.0 */
/* LAYER_NORM and RMS_NORM, float32. Goes forwards; a row is last read as its result is written. */
#ifndef MW_LAYER_NORM_F32_H
#define MW_LAYER_NORM_F32_H

#include "mw_sqrt.h"

struct mw_layer_norm_f32_params {
    int32_t rows;
    int32_t depth;
    int32_t centre; /* 1 to take the mean away, 0 for RMS_NORM */
    int32_t scaled; /* 1 if there is a scale, else 0 and it is not read */
    int32_t shifted; /* the same of the bias */
    float epsilon;
};

/* The mean of a row, or 0. */
MW_INLINE float mw_layer_norm_f32_mean(const struct mw_layer_norm_f32_params *p, const float *row)
{
    float sum = 0.0f;
    int32_t i;
    if (p->centre == 0) {
        return 0.0f;
    }
    for (i = 0; i < p->depth; i++) {
        sum += row[i];
    }
    return sum / (float)p->depth;
}

MW_KERNEL void mw_layer_norm_f32(const struct mw_layer_norm_f32_params *p, const float *input, float *output,
                                 const float *scale, const float *bias)
{
    int32_t row;
    int32_t i;
    for (row = 0; row < p->rows; row++) {
        const float mean = mw_layer_norm_f32_mean(p, input);
        float sum = 0.0f;
        float factor;
        for (i = 0; i < p->depth; i++) {
            const float distance = input[i] - mean;
            sum += distance * distance;
        }
        factor = 1.0f / mw_sqrt(sum / (float)p->depth + p->epsilon);
        for (i = 0; i < p->depth; i++) {
            float value = (input[i] - mean) * factor;
            if (p->scaled != 0) {
                value *= scale[i];
            }
            if (p->shifted != 0) {
                value += bias[i];
            }
            output[i] = value;
        }
        input += p->depth;
        output += p->depth;
    }
}

#endif
