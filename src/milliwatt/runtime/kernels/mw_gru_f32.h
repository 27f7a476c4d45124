/* SPDX-License-Identifier: Apache-2.0 */
/* Gated recurrent units over a sequence, float32, where the reset gate multiplies what the recurrent weights make
 * of the hidden state. weights: [cells][features + cells][3], bias: [cells][4]; the gates stand in the order update,
 * reset, new; the fourth bias is that of the recurrent weights of the last. */
#ifndef MW_GRU_F32_H
#define MW_GRU_F32_H

#include "mw_recurrent_f32.h"

struct mw_gru_f32_params {
    int32_t batches;
    int32_t steps;
    int32_t features;
    int32_t cells;
    int32_t first_row;     /* of the input and of the output: of the step that comes first */
    int32_t step_stride;   /* rows, negative to go backwards */
    int32_t shown_stride;  /* elements of a row of the output; 0 where each step overwrites the one before */
    int32_t hidden_stride; /* elements from one batch's hidden state to the next; 0 where they share one place */
    int32_t hidden_start;
};

/* All units of one step; the new hidden state goes to output, the old one is still needed. */
MW_INLINE void mw_gru_step_f32(const struct mw_gru_f32_params *p, const float *input, float *output,
                               const float *hidden, const float *weights, const float *bias)
{
    float sums[3];
    int32_t i;
    for (i = 0; i < p->cells; i++) {
        float ahead;
        float update;
        float fresh;
        sums[0] = bias[0];
        sums[1] = bias[1];
        sums[2] = bias[2];
        weights = mw_interleaved_3_f32(weights, input, p->features, sums);
        ahead = sums[2];
        sums[2] = bias[3];
        weights = mw_interleaved_3_f32(weights, hidden, p->cells, sums);
        sums[0] *= 0.5f;
        sums[1] *= 0.5f;
        mw_squash_f32(sums, 2);
        update = mw_gate_f32(sums[0]);
        fresh = ahead + mw_gate_f32(sums[1]) * sums[2];
        mw_squash_f32(&fresh, 1);
        output[i] = (1.0f - update) * fresh + update * hidden[i];
        bias += 4;
    }
}

MW_KERNEL void mw_gru_f32(const struct mw_gru_f32_params *p, const float *input, float *output, float *hidden,
                          const float *initial_hidden, const float *weights, const float *bias)
{
    int32_t batch;
    int32_t step;
    int32_t i;
    for (batch = 0; batch < p->batches; batch++) {
        mw_start_f32(p->hidden_start, initial_hidden + batch * p->cells, hidden, p->cells);
        for (step = 0; step < p->steps; step++) {
            const int32_t row = batch + p->first_row + step * p->step_stride;
            float *shown = output + row * p->shown_stride;
            mw_gru_step_f32(p, input + row * p->features, shown, hidden, weights, bias);
            for (i = 0; i < p->cells; i++) {
                hidden[i] = shown[i];
            }
        }
        hidden += p->hidden_stride;
    }
}

#endif
