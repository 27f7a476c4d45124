/* SPDX-License-Identifier: Apache-2.0 */
/* Long short-term memory over a sequence, float32: no peephole, projection or layer normalisation.
 * weights: [cells][features + cells][gates], bias: [cells][gates]; the gates stand in the order forget, cell, output
 * and, unless it is one minus the forget gate, input. */
#ifndef MW_LSTM_F32_H
#define MW_LSTM_F32_H

#include "mw_recurrent_f32.h"

struct mw_lstm_f32_params {
    int32_t batches;
    int32_t steps;
    int32_t features;
    int32_t cells;
    int32_t gates;         /* 3 or 4 */
    int32_t batch_stride;  /* rows of the input and of the output */
    int32_t first_row;     /* of the step that comes first */
    int32_t step_stride;   /* rows, negative to go backwards */
    int32_t shown_stride;  /* elements of a row of the output; 0 where each step overwrites the one before */
    int32_t hidden_stride; /* elements from one batch's hidden state to the next; 0 where they share one place */
    int32_t cell_stride;
    int32_t hidden_start;
    int32_t cell_start;
    float cell_clip; /* largest magnitude of the cell state, 0 for none */
};

/* The new cell state, and the new hidden state as the result. */
MW_INLINE float mw_lstm_cell_f32(const struct mw_lstm_f32_params *p, float *sums, float *cell)
{
    float forget;
    float entering;
    float state;
    float shown;
    sums[0] *= 0.5f;
    sums[2] *= 0.5f;
    if (p->gates == 4) {
        sums[3] *= 0.5f;
    }
    mw_squash_f32(sums, p->gates);
    forget = mw_gate_f32(sums[0]);
    entering = p->gates == 4 ? mw_gate_f32(sums[3]) : 1.0f - forget;
    state = forget * *cell;
    state += sums[1] * entering;
    if (p->cell_clip > 0.0f) {
        state = state < -p->cell_clip ? -p->cell_clip : state;
        state = state > p->cell_clip ? p->cell_clip : state;
    }
    *cell = state;
    shown = state;
    mw_squash_f32(&shown, 1);
    return mw_gate_f32(sums[2]) * shown;
}

/* All cells of one step; the new hidden state goes to output, the old one is still needed. */
MW_INLINE void mw_lstm_step_f32(const struct mw_lstm_f32_params *p, const float *input, float *output,
                                const float *hidden, float *cell, const float *weights, const float *bias)
{
    float sums[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    int32_t i;
    for (i = 0; i < p->cells; i++) {
        sums[0] = bias[0];
        sums[1] = bias[1];
        sums[2] = bias[2];
        if (p->gates == 4) {
            sums[3] = bias[3];
        }
        bias += p->gates;
        weights = mw_interleaved_f32(p->gates, weights, input, p->features, sums);
        weights = mw_interleaved_f32(p->gates, weights, hidden, p->cells, sums);
        output[i] = mw_lstm_cell_f32(p, sums, cell + i);
    }
}

MW_KERNEL void mw_lstm_f32(const struct mw_lstm_f32_params *p, const float *input, float *output, float *hidden,
                           float *cell, const float *initial_hidden, const float *initial_cell, const float *weights,
                           const float *bias)
{
    int32_t batch;
    int32_t step;
    int32_t i;
    for (batch = 0; batch < p->batches; batch++) {
        mw_start_f32(p->hidden_start, initial_hidden + batch * p->cells, hidden, p->cells);
        mw_start_f32(p->cell_start, initial_cell + batch * p->cells, cell, p->cells);
        for (step = 0; step < p->steps; step++) {
            const int32_t row = batch * p->batch_stride + p->first_row + step * p->step_stride;
            float *shown = output + row * p->shown_stride;
            mw_lstm_step_f32(p, input + row * p->features, shown, hidden, cell, weights, bias);
            for (i = 0; i < p->cells; i++) {
                hidden[i] = shown[i];
            }
        }
        hidden += p->hidden_stride;
        cell += p->cell_stride;
    }
}

#endif
