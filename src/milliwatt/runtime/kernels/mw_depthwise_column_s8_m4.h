/* SPDX-License-Identifier: Apache-2.0 */
/* DEPTHWISE_CONV_2D, int8, whose only window covers the whole image: an output pixel of an input of as many pixels as
 * the filter has taps. Channels are a multiple of 4, and four are computed at a time. The output may lie where the input
 * begins, or anywhere below.
 *
 * Four channels have: their biases less zero point times the sum of the weights; for every two taps a word with the
 * bytes of channels 0 and 1 of the first tap and of the second, and one of channels 2 and 3; for an odd last tap a word
 * of its four bytes; the mantissas; where every channel has its own shift, a word of these less one, as bytes. */
#ifndef MW_DEPTHWISE_COLUMN_S8_M4_H
#define MW_DEPTHWISE_COLUMN_S8_M4_H

#include "mw_dsp.h"
#include "mw_short_rescale.h"

struct mw_depthwise_column_s8_m4_params {
    int32_t channels;
    int32_t taps;
    int32_t doubled; /* whether sums are doubled before they are rescaled */
    int32_t base;
    int32_t shift;
    int32_t rounded;
    int32_t negative;
    int32_t low;
    int32_t high;
};

/* Adds all taps of four channels to their sums; gives the words behind the weights. */
MW_INLINE const int32_t *mw_depthwise_column_s8_m4_sum(const struct mw_depthwise_column_s8_m4_params *p,
                                                       const int8_t *input, const int32_t *weights, int32_t *sums)
{
    int32_t tap;
    for (tap = 0; tap + 1 < p->taps; tap += 2) {
        const uint32_t first = mw_load_word(input);
        const uint32_t second = mw_load_word(input + p->channels);
        const uint32_t low = mw_pkhbt(first, second);
        const uint32_t high = mw_pkhtb(first, second);
        const uint32_t low_weights = (uint32_t)*weights++;
        const uint32_t high_weights = (uint32_t)*weights++;
        sums[0] = mw_smlad(mw_sxtb16(low), mw_sxtb16(low_weights), sums[0]);
        sums[1] = mw_smlad(mw_sxtb16_odd(low), mw_sxtb16_odd(low_weights), sums[1]);
        sums[2] = mw_smlad(mw_sxtb16(high), mw_sxtb16(high_weights), sums[2]);
        sums[3] = mw_smlad(mw_sxtb16_odd(high), mw_sxtb16_odd(high_weights), sums[3]);
        input += 2 * p->channels;
    }
    if (tap < p->taps) {
        const int8_t *const last = (const int8_t *)(const void *)weights++;
        for (tap = 0; tap < 4; tap++) {
            sums[tap] = mw_mac(sums[tap], input[tap], last[tap]);
        }
    }
    return weights;
}

MW_KERNEL void mw_depthwise_column_s8_m4(const struct mw_depthwise_column_s8_m4_params *p, const int8_t *input,
                                         int8_t *output, const int32_t *records)
{
    const struct mw_short_rescale rescale = {p->base, p->shift, p->rounded, p->negative, p->low, p->high};
    int32_t channel;
    for (channel = 0; channel < p->channels; channel += 4) {
        int32_t sums[4];
        uint32_t shifts;
        int32_t i;
        for (i = 0; i < 4; i++) {
            sums[i] = *records++;
        }
        records = mw_depthwise_column_s8_m4_sum(p, input, records, sums);
        shifts = p->shift < 0 ? (uint32_t)records[4] : 0u;
        for (i = 0; i < 4; i++) {
            const int32_t sum = p->doubled != 0 ? mw_shift_left(sums[i], 1) : sums[i];
            const int32_t own = p->shift < 0 ? (int32_t)(shifts & 0xFFu) + 1 : 0;
            *output++ = mw_short_rescale_of(&rescale, sum, *records++, own);
            shifts >>= 8;
        }
        records += p->shift < 0 ? 1 : 0;
        input += 4;
    }
}

#endif
