/* SPDX-License-Identifier: Apache-2.0 */
/* A plain recurrent layer over a sequence, float32.
 * weights: blocks of up to four cells, each [features + cells][cells of the block], bias: [cells]. */
#ifndef MW_RNN_F32_H
#define MW_RNN_F32_H

#include "mw_recurrent_f32.h"

struct mw_rnn_f32_params {
    int32_t batches;
    int32_t steps;
    int32_t features;
    int32_t cells;
    int32_t first_row;     /* of the input and of the output: of the step that comes first */
    int32_t step_stride;   /* rows, negative to go backwards */
    int32_t shown_stride;  /* elements of a row of the output; 0 where each step overwrites the one before */
    int32_t hidden_stride; /* elements from one batch's hidden state to the next; 0 where they share one place */
    int32_t hidden_start;
    int32_t rectify; /* 1 for RELU, 0 for TANH */
};

/* All cells of one step; the new hidden state goes to output, the old one is still needed. */
MW_INLINE void mw_rnn_step_f32(const struct mw_rnn_f32_params *p, const float *input, float *output,
                               const float *hidden, const float *weights, const float *bias)
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
        weights = mw_interleaved_f32(width, weights, hidden, p->cells, sums);
        if (p->rectify == 0) {
            mw_squash_f32(sums, width);
        }
        for (j = 0; j < width; j++) {
            output[i + j] = p->rectify != 0 && sums[j] < 0.0f ? 0.0f : sums[j];
        }
    }
}

MW_KERNEL void mw_rnn_f32(const struct mw_rnn_f32_params *p, const float *input, float *output, float *hidden,
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
            mw_rnn_step_f32(p, input + row * p->features, shown, hidden, weights, bias);
            for (i = 0; i < p->cells; i++) {
                hidden[i] = shown[i];
            }
        }
        hidden += p->hidden_stride;
    }
}

#endif
