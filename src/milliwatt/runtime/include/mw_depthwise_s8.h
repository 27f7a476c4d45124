/* SPDX-License-Identifier: Apache-2.0 */
/* What int8 depthwise 3x3 kernels with DSP instructions share: one channel's weights, and columns of its windows.
 *
 * A column of three inputs r0 r1 r2 enters a sum by one SMLAD of (r0, r2) with (w0j, w2j) and one multiplication of r1
 * with w1j. Rows and columns outside hold the zero point, so that the bias can take it back from all nine inputs.
 *
 * A channel has five words: bytes w00 w01 w20 w21; w02 w10 w22 w11; w12 and, from bit 16, the halving (mw_output_s8.h);
 * the bias minus the zero point times the sum of the weights; the mantissa. */
#ifndef MW_DEPTHWISE_S8_H
#define MW_DEPTHWISE_S8_H

#include "mw_dsp.h"
#include "mw_output_s8.h"

#define MW_DEPTHWISE_S8_WORDS 5

/* outer_j: (w0j, w2j). middle01: (w10, w11). For two roundings, weights and bias are doubled: see mw_output_s8.h. */
struct mw_depthwise_s8 {
    uint32_t outer0;
    uint32_t outer1;
    uint32_t outer2;
    uint32_t middle01;
    int32_t middle2;
    int32_t bias;
    int32_t mantissa;
    int32_t halving;
};

typedef struct mw_depthwise_s8 mw_depthwise_s8;

/* Both halves times `factor`, 1 or 2; they stay within 16 bits. */
MW_INLINE uint32_t mw_depthwise_s8_times(uint32_t pair, int32_t factor)
{
    return factor == 1 ? pair : mw_sadd16(pair, pair);
}

MW_INLINE mw_depthwise_s8 mw_depthwise_s8_load(const int32_t *channel, int32_t rounding)
{
    const int32_t factor = rounding == MW_ROUND_DOUBLE ? 2 : 1;
    mw_depthwise_s8 taps;
    taps.outer0 = mw_depthwise_s8_times(mw_sxtb16((uint32_t)channel[0]), factor);
    taps.outer1 = mw_depthwise_s8_times(mw_sxtb16_odd((uint32_t)channel[0]), factor);
    taps.outer2 = mw_depthwise_s8_times(mw_sxtb16((uint32_t)channel[1]), factor);
    taps.middle01 = mw_depthwise_s8_times(mw_sxtb16_odd((uint32_t)channel[1]), factor);
    taps.middle2 = mw_low_half((uint32_t)channel[2]) * factor;
    taps.halving = channel[2] >> 16;
    taps.bias = channel[3] * factor;
    taps.mantissa = channel[4];
    return taps;
}

/* A column enters a sum as the window's first, second or last. pair: (r0, r2). */
MW_INLINE int32_t mw_depthwise_s8_first(const mw_depthwise_s8 *taps, uint32_t pair, int32_t middle)
{
    return mw_mac(mw_smlad(taps->outer0, pair, taps->bias), mw_low_half(taps->middle01), middle);
}

MW_INLINE int32_t mw_depthwise_s8_second(const mw_depthwise_s8 *taps, uint32_t pair, int32_t middle, int32_t sum)
{
    return mw_mac(mw_smlad(taps->outer1, pair, sum), mw_high_half(taps->middle01), middle);
}

MW_INLINE int32_t mw_depthwise_s8_last(const mw_depthwise_s8 *taps, uint32_t pair, int32_t middle, int32_t sum)
{
    return mw_mac(mw_smlad(taps->outer2, pair, sum), taps->middle2, middle);
}

MW_INLINE uint32_t mw_depthwise_s8_pair(int32_t low, int32_t high)
{
    return mw_pkhbt((uint32_t)low, (uint32_t)high);
}

MW_INLINE int8_t mw_depthwise_s8_output(const mw_depthwise_s8 *taps, const struct mw_output_s8 *range, int32_t sum)
{
    return mw_output_s8_of(range, sum, range->rounding == MW_ROUND_DOUBLE ? 1 : 0, taps->mantissa, taps->halving);
}

/* Rows outside the image are read from `count` bytes of the zero point. */
MW_INLINE void mw_depthwise_s8_blank(int8_t *row, int32_t count, int32_t zero_point)
{
    int32_t i;
    for (i = 0; i < count; i++) {
        row[i] = (int8_t)zero_point;
    }
}

#endif
