/* SPDX-License-Identifier: Apache-2.0 */
/* SVDF, int8 data and feature weights, int16 time weights and state.
 * features: [filters][features]; feature_bias: [filters], minus the input's zero point times the row sums;
 * time: [filters][steps]; state: [batches][filters][steps], oldest first; bias: [units] of `rank` filters each. */
#ifndef MW_SVDF_S16_H
#define MW_SVDF_S16_H

#include "mw_dot_s8.h"
#include "mw_requantize.h"

struct mw_svdf_s16_params {
    int32_t batches;
    int32_t features;
    int32_t units;
    int32_t rank;
    int32_t steps;
    int32_t feature_mantissa;
    int32_t feature_exponent;
    int32_t mantissa;
    int32_t exponent;
    int32_t output_offset;
    int32_t rounding;
};

/* The newest state of one filter. */
MW_INLINE int32_t mw_svdf_s16_newest(const struct mw_svdf_s16_params *p, const int8_t *input, const int8_t *features,
                           int32_t bias)
{
    int32_t sum = mw_dot_s8(features, input, p->features, bias);
    sum = mw_clamp(mw_requantize(sum, p->feature_mantissa, p->feature_exponent, p->rounding), -65536, 65536);
    return mw_clamp(sum, -32768, 32767);
}

/* Moves the state of one filter up by one step, and weighs it; sums wrap modulo 2^32 (products stay below 2^30). */
MW_INLINE uint32_t mw_svdf_s16_weigh(const struct mw_svdf_s16_params *p, int16_t *state, int32_t newest, const int16_t *time)
{
    uint32_t sum = (uint32_t)(time[p->steps - 1] * (newest));
    int32_t i;
    for (i = 0; i < p->steps - 1; i++) {
        const int16_t value = state[i + 1];
        state[i] = value;
        sum += (uint32_t)(time[i] * (value));
    }
    state[p->steps - 1] = (int16_t)newest;
    return sum;
}

MW_KERNEL void mw_svdf_s16(const struct mw_svdf_s16_params *p, const int8_t *input, int8_t *output, int16_t *state,
                          const int8_t *features, const int32_t *feature_bias, const int16_t *time,
                          const int32_t *bias)
{
    int32_t batch;
    int32_t unit;
    int32_t i;
    for (batch = 0; batch < p->batches; batch++) {
        const int8_t *feature_row = features;
        const int16_t *time_row = time;
        const int32_t *feature_start = feature_bias;
        for (unit = 0; unit < p->units; unit++) {
            uint32_t sum = (uint32_t)bias[unit];
            for (i = 0; i < p->rank; i++) {
                const int32_t newest = mw_svdf_s16_newest(p, input, feature_row, *feature_start++);
                sum += mw_svdf_s16_weigh(p, state, newest, time_row);
                feature_row += p->features;
                time_row += p->steps;
                state += p->steps;
            }
            {
                const int32_t scaled = mw_requantize((int32_t)sum, p->mantissa, p->exponent, p->rounding);
                const int32_t limited = mw_clamp(scaled, -65536, 65536);
                *output++ = (int8_t)mw_clamp(limited + p->output_offset, -128, 127);
            }
        }
        input += p->features;
    }
}

#endif
