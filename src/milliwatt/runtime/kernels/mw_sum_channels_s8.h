/* SPDX-License-Identifier: Apache-2.0 */
/* SUM and MEAN of int8 over rows of channels, a multiple of four: global average pooling of NHWC data.
 * Four channels lie in one word, in unsigned bytes that are added in two pairs of 16-bit lanes; a lane holds
 * 257 * 255, so the lanes are emptied every 256 rows. */
#ifndef MW_SUM_CHANNELS_S8_H
#define MW_SUM_CHANNELS_S8_H

#include "mw_requantize.h"

struct mw_sum_channels_s8_params {
    int32_t outer;
    int32_t rows;
    int32_t channels;
    int32_t start; /* minus 128 and the input's zero point, times rows */
    int32_t output_offset;
    int32_t mantissa;
    int32_t exponent;
    int32_t low;
    int32_t high;
    int32_t rounding;
};

/* Four bytes as a word, first byte lowest; one load where the core can. */
MW_INLINE uint32_t mw_sum_channels_s8_load(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | ((uint32_t)bytes[1] << 8) | ((uint32_t)bytes[2] << 16) | ((uint32_t)bytes[3] << 24);
}

MW_INLINE int8_t mw_sum_channels_s8_finish(const struct mw_sum_channels_s8_params *p, uint32_t total)
{
    const int32_t scaled = mw_requantize((int32_t)total + p->start, p->mantissa, p->exponent, p->rounding);
    return (int8_t)mw_clamp_offset(scaled, p->output_offset, p->low, p->high);
}

/* Four neighbouring channels. */
MW_INLINE void mw_sum_channels_s8_four(const struct mw_sum_channels_s8_params *p, const uint8_t *input, int8_t *output)
{
    uint32_t totals[4] = {0, 0, 0, 0};
    int32_t left = p->rows;
    int32_t i;
    while (left > 0) {
        const int32_t rows = left < 256 ? left : 256;
        uint32_t even = 0;
        uint32_t odd = 0;
        for (i = 0; i < rows; i++) {
            const uint32_t word = mw_sum_channels_s8_load(input) ^ 0x80808080u;
            even += word & 0x00FF00FFu;
            odd += (word >> 8) & 0x00FF00FFu;
            input += p->channels;
        }
        totals[0] += even & 0xFFFFu;
        totals[1] += odd & 0xFFFFu;
        totals[2] += even >> 16;
        totals[3] += odd >> 16;
        left -= rows;
    }
    for (i = 0; i < 4; i++) {
        output[i] = mw_sum_channels_s8_finish(p, totals[i]);
    }
}

MW_KERNEL void mw_sum_channels_s8(const struct mw_sum_channels_s8_params *p, const uint8_t *input, int8_t *output)
{
    int32_t outer;
    int32_t channel;
    for (outer = 0; outer < p->outer; outer++) {
        for (channel = 0; channel < p->channels; channel += 4) {
            mw_sum_channels_s8_four(p, input + channel, output);
            output += 4;
        }
        input += p->rows * p->channels;
    }
}

#endif
