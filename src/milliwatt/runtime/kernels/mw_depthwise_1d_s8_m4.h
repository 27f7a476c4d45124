/* SPDX-License-Identifier: Apache-2.0 */
/* DEPTHWISE_CONV_2D along one axis, int8, stride 1, without padding: a window of k x 1 or 1 x k. A line is a sequence
 * along the axis; lines and channels are computed one after the other. Output may lie exactly where the input does.
 *
 * A channel has 3 + ceil(taps / 4) words: bias less zero point times the sum of the weights, scaled; the mantissa; its
 * own constant (mw_short_rescale.h); and the weights, each four in the order 0 2 1 3, with zeros behind the last. */
#ifndef MW_DEPTHWISE_1D_S8_M4_H
#define MW_DEPTHWISE_1D_S8_M4_H

#include "mw_dsp.h"
#include "mw_short_rescale.h"

struct mw_depthwise_1d_s8_m4_params {
    int32_t lines;
    int32_t channels;
    int32_t taps;
    int32_t outputs; /* of a line */
    int32_t step;    /* bytes from one element of a line to the next, in input and output */
    int32_t in_line; /* bytes from line to line */
    int32_t out_line;
    int32_t doubled; /* whether weights and bias are scaled by 2 */
    int32_t base;
    int32_t shift;
    int32_t rounded;
    int32_t negative;
    int32_t low;
    int32_t high;
};

MW_INLINE void mw_depthwise_1d_s8_m4_channel(const struct mw_depthwise_1d_s8_m4_params *p, const int8_t *input,
                                             int8_t *output, const int32_t *record)
{
    const struct mw_short_rescale rescale = {p->base, p->shift, p->rounded, p->negative, p->low, p->high};
    const int8_t *const weights = (const int8_t *)(const void *)(record + 3);
    int32_t i;
    for (i = 0; i < p->outputs; i++) {
        int32_t sum = record[0];
        int32_t tap;
        for (tap = 0; tap < p->taps; tap++) {
            const int32_t weight = weights[(tap & ~3) + 2 * (tap & 1) + ((tap >> 1) & 1)];
            sum = mw_mac(sum, p->doubled != 0 ? 2 * weight : weight, input[tap * p->step]);
        }
        *output = mw_short_rescale_of(&rescale, sum, record[1], record[2]);
        input += p->step;
        output += p->step;
    }
}

MW_KERNEL void mw_depthwise_1d_s8_m4(const struct mw_depthwise_1d_s8_m4_params *p, const int8_t *input, int8_t *output,
                                     const int32_t *channels)
{
    const int32_t words = 3 + (p->taps + 3) / 4;
    int32_t line;
    for (line = 0; line < p->lines; line++) {
        int32_t channel;
        for (channel = 0; channel < p->channels; channel++) {
            mw_depthwise_1d_s8_m4_channel(p, input + channel, output + channel, channels + words * channel);
        }
        input += p->in_line;
        output += p->out_line;
    }
}

#endif
