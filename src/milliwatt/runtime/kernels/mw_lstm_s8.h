/* SPDX-License-Identifier: Apache-2.0 */
/* UNIDIRECTIONAL_SEQUENCE_LSTM, int8 with an int16 cell state: no peephole, projection or layer normalisation.
 * Per cell the gates stand in the order forget, cell, output and, unless it is one minus the forget gate, input.
 * weights: [cells][gates][features + cells]; bias: [cells][gates][2] with the zero points folded in;
 * scales: [gates][4], mantissa and exponent of the sum over the input, then over the hidden state. */
#ifndef MW_LSTM_S8_H
#define MW_LSTM_S8_H

#include "mw_dot_s8.h"
#include "mw_gemmlowp_16.h"

struct mw_lstm_s8_params {
    int32_t batches;
    int32_t steps;
    int32_t features;
    int32_t cells;
    int32_t gates;        /* 3 or 4 */
    int32_t batch_stride; /* rows of the input and of the output */
    int32_t step_stride;
    int32_t cell_bits; /* integer bits of the cell state */
    int32_t cell_clip; /* largest magnitude of the cell state, 0 for none */
    int32_t hidden_mantissa;
    int32_t hidden_exponent;
    int32_t hidden_zero;
    int32_t rounding;
};

/* The sum of one gate of one cell, in steps of 2^-12. */
MW_INLINE int32_t mw_lstm_gate_s8(const struct mw_lstm_s8_params *p, const int8_t *weights, const int32_t *bias,
                                  const int32_t *scale, const int8_t *input, const int8_t *hidden)
{
    const int32_t ahead = mw_dot_s8(weights, input, p->features, bias[0]);
    const int32_t back = mw_dot_s8(weights + p->features, hidden, p->cells, bias[1]);
    const int32_t first = mw_saturate_16(mw_requantize(ahead, scale[0], scale[1], p->rounding));
    /* Limiting the second summand changes nothing but that the sum cannot overflow. */
    const int32_t second = mw_clamp(mw_requantize(back, scale[2], scale[3], p->rounding), -65536, 65536);
    return mw_saturate_16(first + second);
}

/* The new cell state, and the new hidden state as the result. */
MW_INLINE int32_t mw_lstm_cell_s8(const struct mw_lstm_s8_params *p, const int32_t *sums, int16_t *cell)
{
    const int32_t forget = mw_logistic_16(sums[0], 3);
    const int32_t entering = p->gates == 4 ? mw_logistic_16(sums[3], 3) : 32767 - forget;
    const int32_t kept = mw_rounding_shift_right(forget * *cell, 15);
    const int32_t added = mw_rounding_shift_right(entering * mw_tanh_16(sums[1], 3), p->cell_bits + 15);
    const int32_t limit = p->cell_clip > 0 ? p->cell_clip : 32767;
    const int32_t state = mw_clamp(kept + added, p->cell_clip > 0 ? -limit : -32768, limit);
    const int32_t shown = mw_logistic_16(sums[2], 3) * mw_tanh_16(state, p->cell_bits);
    *cell = (int16_t)state;
    return mw_clamp(mw_requantize(shown, p->hidden_mantissa, p->hidden_exponent, p->rounding) + p->hidden_zero,
                    -128, 127);
}

/* All cells of one step; the new hidden state goes to output, the old one is still needed. */
MW_INLINE void mw_lstm_step_s8(const struct mw_lstm_s8_params *p, const int8_t *input, int8_t *output,
                               const int8_t *hidden, int16_t *cell, const int8_t *weights, const int32_t *bias,
                               const int32_t *scales)
{
    int32_t sums[4] = {0, 0, 0, 0};
    int32_t i;
    int32_t j;
    for (i = 0; i < p->cells; i++) {
        for (j = 0; j < p->gates; j++) {
            sums[j] = mw_lstm_gate_s8(p, weights, bias, scales + 4 * j, input, hidden);
            weights += p->features + p->cells;
            bias += 2;
        }
        output[i] = (int8_t)mw_lstm_cell_s8(p, sums, cell + i);
    }
}

MW_KERNEL void mw_lstm_s8(const struct mw_lstm_s8_params *p, const int8_t *input, int8_t *output, int8_t *hidden,
                          int16_t *cell, const int8_t *weights, const int32_t *bias, const int32_t *scales)
{
    int32_t batch;
    int32_t step;
    int32_t i;
    for (batch = 0; batch < p->batches; batch++) {
        for (step = 0; step < p->steps; step++) {
            const int32_t row = batch * p->batch_stride + step * p->step_stride;
            int8_t *shown = output + row * p->cells;
            mw_lstm_step_s8(p, input + row * p->features, shown, hidden, cell, weights, bias, scales);
            for (i = 0; i < p->cells; i++) {
                hidden[i] = shown[i];
            }
        }
        hidden += p->cells;
        cell += p->cells;
    }
}

#endif
