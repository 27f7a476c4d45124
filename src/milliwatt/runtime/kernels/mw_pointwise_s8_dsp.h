/* SPDX-License-Identifier: Apache-2.0 */
/* CONV_2D 1x1, int8, with DSP instructions. The sizes come from a table, so that layers of any size share the code.
 * scratch: two pixels of 16-bit numbers. */
#ifndef MW_POINTWISE_S8_DSP_H
#define MW_POINTWISE_S8_DSP_H

#include "mw_gather_s8.h"
#include "mw_tile_s8.h"

struct mw_pointwise_s8_dsp_params {
    int32_t low;
    int32_t high;
    int32_t rounding;
    int32_t rectified; /* the output's zero point is its lowest value */
    int32_t packed;
    int32_t unroll; /* words of weights per turn of the inner loop */
    int32_t whole; /* input channels are a multiple of 4 */
    int32_t odd; /* an odd number of filters */
};

/* shape: pixels, input channels, output channels, words of weights for two filters, minus the input's zero point, the
 * output's zero point. */
MW_KERNEL void mw_pointwise_s8_dsp(const struct mw_pointwise_s8_dsp_params *p, const int8_t *input, int8_t *output,
                                   uint32_t *scratch, const int32_t *shape, const uint32_t *weights,
                                   const int32_t *channels)
{
    const struct mw_output_s8 range = {shape[5], p->low, p->high, p->rounding, p->rectified};
    const uint32_t offset = mw_pkhbt((uint32_t)shape[4], (uint32_t)shape[4]);
    const int32_t in_c = p->whole != 0 ? shape[1] & ~3 : shape[1];
    const int32_t out_c = shape[2];
    const int32_t words = shape[3];
    int32_t left;
    for (left = shape[0]; left > 0; left -= 2) {
        /* The last of an odd number of pixels is computed twice. */
        const int32_t pair = left > 1 ? 1 : 0;
        (void)mw_gather_s8_bytes(input, in_c, offset, scratch);
        (void)mw_gather_s8_bytes(input + pair * in_c, in_c, offset, scratch + 1);
        mw_tile_s8_pixels(&range, p->packed, p->unroll, scratch, words, weights, channels, output,
                          output + pair * out_c, out_c, p->odd);
        input += 2 * in_c;
        output += 2 * out_c;
    }
}

#endif
