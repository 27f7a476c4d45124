/* SPDX-License-Identifier: Apache-2.0 */
/* Gated recurrent units over a sequence, float32, where the reset gate multiplies the hidden state itself.
 * weights: blocks of up to four rows, each [features + cells][rows]. The rows of gate_weights are the update and
 * the reset gate of one unit after the other, as those of gate_bias; weights and bias have a row for each unit. */
#ifndef MW_GRU_RESET_FIRST_F32_H
#define MW_GRU_RESET_FIRST_F32_H

#include "mw_recurrent_f32.h"

struct mw_gru_reset_first_f32_params {
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

/* The update gates go to update, the hidden state times the reset gates to kept. */
MW_INLINE void mw_gru_reset_first_f32_gates(const struct mw_gru_reset_first_f32_params *p, const float *input,
                                            const float *hidden, float *update, float *kept, const float *weights,
                                            const float *bias)
{
    float sums[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    int32_t i;
    int32_t j;
    for (i = 0; i < p->cells; i += 2) {
        const int32_t units = p->cells - i < 2 ? 1 : 2;
        for (j = 0; j < 2 * units; j++) {
            sums[j] = *bias++;
        }
        weights = mw_interleaved_f32(2 * units, weights, input, p->features, sums);
        weights = mw_interleaved_f32(2 * units, weights, hidden, p->cells, sums);
        for (j = 0; j < 2 * units; j++) {
            sums[j] *= 0.5f;
        }
        mw_squash_f32(sums, 2 * units);
        for (j = 0; j < units; j++) {
            update[i + j] = mw_gate_f32(sums[2 * j]);
            kept[i + j] = mw_gate_f32(sums[2 * j + 1]) * hidden[i + j];
        }
    }
}

/* The update gates in output give way to the new hidden state, which hidden takes too. */
MW_INLINE void mw_gru_reset_first_f32_units(const struct mw_gru_reset_first_f32_params *p, const float *input,
                                            float *output, float *hidden, const float *kept, const float *weights,
                                            const float *bias)
{
    float sums[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    int32_t i;
    int32_t j;
    for (i = 0; i < p->cells; i += 4) {
        const int32_t left = p->cells - i;
        const int32_t width = left < 4 ? left : 4;
        for (j = 0; j < width; j++) {
            sums[j] = bias[i + j];
        }
        weights = mw_interleaved_f32(width, weights, input, p->features, sums);
        weights = mw_interleaved_f32(width, weights, kept, p->cells, sums);
        mw_squash_f32(sums, width);
        for (j = 0; j < width; j++) {
            const float update = output[i + j];
            const float fresh = (1.0f - update) * sums[j] + update * hidden[i + j];
            output[i + j] = fresh;
            hidden[i + j] = fresh;
        }
    }
}

MW_KERNEL void mw_gru_reset_first_f32(const struct mw_gru_reset_first_f32_params *p, const float *input,
                                      float *output, float *hidden, float *kept, const float *initial_hidden,
                                      const float *gate_weights, const float *gate_bias, const float *weights,
                                      const float *bias)
{
    int32_t batch;
    int32_t step;
    for (batch = 0; batch < p->batches; batch++) {
        mw_start_f32(p->hidden_start, initial_hidden + batch * p->cells, hidden, p->cells);
        for (step = 0; step < p->steps; step++) {
            const int32_t row = batch + p->first_row + step * p->step_stride;
            const float *data = input + row * p->features;
            float *shown = output + row * p->shown_stride;
            mw_gru_reset_first_f32_gates(p, data, hidden, shown, kept, gate_weights, gate_bias);
            mw_gru_reset_first_f32_units(p, data, shown, hidden, kept, weights, bias);
        }
        hidden += p->hidden_stride;
    }
}

#endif
