/* SPDX-License-Identifier: Apache-2.0 */
/* SVDF, float32.
 * features: [filters][features]; time: [filters][steps]; state: [batches][filters][steps], oldest first;
 * bias: [units] of `rank` filters each. */
#ifndef MW_SVDF_F32_H
#define MW_SVDF_F32_H

#include "mw_base.h"

struct mw_svdf_f32_params {
    int32_t batches;
    int32_t features;
    int32_t units;
    int32_t rank;
    int32_t steps;
    float low;
    float high;
};

MW_INLINE float mw_svdf_f32_newest(const float *input, const float *features, int32_t count)
{
    float sum = 0.0f;
    int32_t i;
    for (i = 0; i < count; i++) {
        sum += features[i] * input[i];
    }
    return sum;
}

/* Moves the state of one filter up by one step, and weighs it. */
MW_INLINE float mw_svdf_f32_weigh(float *state, float newest, const float *time, int32_t steps)
{
    float sum = 0.0f;
    int32_t i;
    for (i = 0; i < steps - 1; i++) {
        state[i] = state[i + 1];
        sum += time[i] * state[i];
    }
    state[steps - 1] = newest;
    return sum + time[steps - 1] * newest;
}

MW_KERNEL void mw_svdf_f32(const struct mw_svdf_f32_params *p, const float *input, float *output, float *state,
                           const float *features, const float *time, const float *bias)
{
    int32_t batch;
    int32_t unit;
    int32_t i;
    for (batch = 0; batch < p->batches; batch++) {
        const float *feature_row = features;
        const float *time_row = time;
        for (unit = 0; unit < p->units; unit++) {
            float sum = bias[unit];
            for (i = 0; i < p->rank; i++) {
                const float newest = mw_svdf_f32_newest(input, feature_row, p->features);
                sum += mw_svdf_f32_weigh(state, newest, time_row, p->steps);
                feature_row += p->features;
                time_row += p->steps;
                state += p->steps;
            }
            sum = sum < p->low ? p->low : sum;
            *output++ = sum > p->high ? p->high : sum;
        }
        input += p->features;
    }
}

#endif
