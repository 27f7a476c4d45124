/* SPDX-License-Identifier: Apache-2.0 */
/* FULLY_CONNECTED, int8, with DSP instructions, no scratch. The sizes come from a table, so that layers of any size
 * share the code. shape: rows, depth (a multiple of 4), units, the output's zero point. That of the input is in the
 * accumulators' start. */
#ifndef MW_FULLY_CONNECTED_S8_DSP_H
#define MW_FULLY_CONNECTED_S8_DSP_H

#include "mw_line_s8.h"
#include "mw_output_s8.h"

struct mw_fully_connected_s8_dsp_params {
    int32_t low;
    int32_t high;
    int32_t rounding;
    int32_t rectified; /* the output's zero point is its lowest value */
    int32_t packed;
    int32_t unroll; /* four inputs each, per turn of the inner loop */
};

/* Two outputs, of which the second is there when `two` is not 0. */
MW_INLINE void mw_fully_connected_s8_dsp_pair(const struct mw_output_s8 *range, const int32_t *channels, int32_t f,
                                              int32_t g, int32_t packed, int32_t two, int8_t *output)
{
    const int32_t value = packed != 0 ? mw_subtract_wrapping(f, g) : f;
    const int8_t first = mw_output_s8_of(range, value, packed != 0 ? 8 : 0, channels[2], channels[4]);
    const int8_t second = mw_output_s8_of(range, g, 0, channels[3], channels[5]);
    output[0] = first;
    if (two != 0) {
        output[1] = second;
    }
}

MW_KERNEL void mw_fully_connected_s8_dsp(const struct mw_fully_connected_s8_dsp_params *p, const int8_t *input,
                                         int8_t *output, const int32_t *shape, const uint32_t *weights,
                                         const int32_t *channels)
{
    const struct mw_output_s8 range = {shape[3], p->low, p->high, p->rounding, p->rectified};
    const int32_t depth = shape[1];
    int32_t row;
    for (row = 0; row < shape[0]; row++) {
        const uint32_t *filters = weights;
        const int32_t *records = channels;
        int32_t left;
        for (left = shape[2]; left > 0; left -= 4) {
            struct mw_line_s8 line;
            line.sum0 = records[0];
            line.sum1 = records[1];
            line.sum2 = records[6];
            line.sum3 = records[7];
            filters = mw_line_s8_dot(&line, p->packed, p->unroll, filters, input, depth);
            mw_fully_connected_s8_dsp_pair(&range, records, line.sum0, line.sum1, p->packed, left > 1, output);
            if (left > 2) {
                mw_fully_connected_s8_dsp_pair(&range, records + 6, line.sum2, line.sum3, p->packed, left > 3,
                                               output + 2);
            }
            records += 12;
            output += left < 4 ? left : 4;
        }
        input += depth;
    }
}

#endif
