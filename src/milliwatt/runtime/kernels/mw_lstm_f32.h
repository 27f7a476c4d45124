/* SPDX-License-Identifier: Apache-2.0 */
/* UNIDIRECTIONAL_SEQUENCE_LSTM, float32: no peephole, projection or layer normalisation.
 * Per cell the gates stand in the order forget, cell, output and, unless it is one minus the forget gate, input.
 * weights: [cells][gates][features + cells]; bias: [cells][gates]. */
#ifndef MW_LSTM_F32_H
#define MW_LSTM_F32_H

#include "mw_logistic.h"
#include "mw_tanh.h"

struct mw_lstm_f32_params {
    int32_t batches;
    int32_t steps;
    int32_t features;
    int32_t cells;
    int32_t gates;        /* 3 or 4 */
    int32_t batch_stride; /* rows of the input and of the output */
    int32_t step_stride;
    float cell_clip; /* largest magnitude of the cell state, 0 for none */
};

MW_INLINE float mw_lstm_dot_f32(const float *weights, const float *values, int32_t count)
{
    float sum = 0.0f;
    int32_t i;
    for (i = 0; i < count; i++) {
        sum += weights[i] * values[i];
    }
    return sum;
}

/* The new cell state, and the new hidden state as the result. */
MW_INLINE float mw_lstm_cell_f32(const struct mw_lstm_f32_params *p, const float *sums, float *cell)
{
    const float forget = mw_logistic(sums[0]);
    const float entering = p->gates == 4 ? mw_logistic(sums[3]) : 1.0f - forget;
    float state = forget * *cell;
    state += mw_tanh(sums[1]) * entering;
    if (p->cell_clip > 0.0f) {
        state = state < -p->cell_clip ? -p->cell_clip : state;
        state = state > p->cell_clip ? p->cell_clip : state;
    }
    *cell = state;
    return mw_logistic(sums[2]) * mw_tanh(state);
}

/* All cells of one step; the new hidden state goes to output, the old one is still needed. */
MW_INLINE void mw_lstm_step_f32(const struct mw_lstm_f32_params *p, const float *input, float *output,
                                const float *hidden, float *cell, const float *weights, const float *bias)
{
    float sums[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    int32_t i;
    int32_t j;
    for (i = 0; i < p->cells; i++) {
        for (j = 0; j < p->gates; j++) {
            const float ahead = *bias++ + mw_lstm_dot_f32(weights, input, p->features);
            sums[j] = ahead + mw_lstm_dot_f32(weights + p->features, hidden, p->cells);
            weights += p->features + p->cells;
        }
        output[i] = mw_lstm_cell_f32(p, sums, cell + i);
    }
}

MW_KERNEL void mw_lstm_f32(const struct mw_lstm_f32_params *p, const float *input, float *output, float *hidden,
                           float *cell, const float *weights, const float *bias)
{
    int32_t batch;
    int32_t step;
    int32_t i;
    for (batch = 0; batch < p->batches; batch++) {
        for (step = 0; step < p->steps; step++) {
            const int32_t row = batch * p->batch_stride + step * p->step_stride;
            float *shown = output + row * p->cells;
            mw_lstm_step_f32(p, input + row * p->features, shown, hidden, cell, weights, bias);
            for (i = 0; i < p->cells; i++) {
                hidden[i] = shown[i];
            }
        }
        hidden += p->cells;
        cell += p->cells;
    }
}

#endif
