/* SPDX-License-Identifier: Apache-2.0 */
/* FULLY_CONNECTED, int8: the portable form, no scratch.
 * input [rows, depth], weights [units, depth], output [rows, units]. */
#ifndef MW_FULLY_CONNECTED_S8_H
#define MW_FULLY_CONNECTED_S8_H

#include "mw_requantize_real.h"

struct mw_fully_connected_s8_params {
    int32_t rows;
    int32_t depth;
    int32_t units;
    int32_t filter_offset; /* minus the filter's zero point */
    int32_t input_offset; /* minus the input's zero point */
    int32_t output_offset;
    int32_t low;
    int32_t high;
    int32_t rounding; /* with MW_ROUND_REAL a mantissa has two words, the lower one first */
};

/* The bias, the rescaling and the activation of one output. */
MW_INLINE int8_t mw_fully_connected_s8_finish(const struct mw_fully_connected_s8_params *p, int32_t sum,
                                              int32_t bias, const int32_t *mantissa, int32_t exponent)
{
    const int32_t total = mw_add_wrapping(sum, bias);
    const int32_t scaled = p->rounding == MW_ROUND_REAL ? mw_requantize_real(total, mantissa, exponent)
                                                        : mw_requantize(total, *mantissa, exponent, p->rounding);
    return (int8_t)mw_clamp_offset(scaled, p->output_offset, p->low, p->high);
}

MW_KERNEL void mw_fully_connected_s8(const struct mw_fully_connected_s8_params *p, const int8_t *input,
                                     int8_t *output, const int8_t *weights, const int32_t *bias,
                                     const int32_t *mantissa, const int8_t *exponent)
{
    const int8_t *const filter = weights;
    const int32_t words = p->rounding == MW_ROUND_REAL ? 2 : 1;
    int32_t row;
    int32_t unit;
    int32_t k;
    for (row = 0; row < p->rows; row++) {
        weights = filter;
        for (unit = 0; unit < p->units; unit++) {
            int32_t sum = 0;
            for (k = 0; k < p->depth; k++) {
                sum = mw_mac(sum, input[k] + p->input_offset, weights[k] + p->filter_offset);
            }
            weights += p->depth;
            *output++ = mw_fully_connected_s8_finish(p, sum, bias[unit], mantissa + words * unit, exponent[unit]);
        }
        input += p->depth;
    }
}

#endif
