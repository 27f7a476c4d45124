/* SPDX-License-Identifier: Apache-2.0 */
/* FULLY_CONNECTED, int16 data and int8 filter: the portable form, no scratch.
 * input [rows, depth], weights [units, depth], output [rows, units]. */
#ifndef MW_FULLY_CONNECTED_S16_H
#define MW_FULLY_CONNECTED_S16_H

#include "mw_requantize_real.h"
#include "mw_requantize_wide.h"

struct mw_fully_connected_s16_params {
    int32_t rows;
    int32_t depth;
    int32_t units;
    int32_t filter_offset; /* minus the filter's zero point */
    int32_t low;
    int32_t high;
    int32_t rounding; /* with MW_ROUND_REAL a mantissa has two words, the lower one first */
    int32_t wide; /* 64-bit accumulators, else they wrap to 32 bits */
};

/* The bias, the rescaling and the activation of one output. */
MW_INLINE int16_t mw_fully_connected_s16_finish(const struct mw_fully_connected_s16_params *p, int64_t sum,
                                                const int32_t *mantissa, int32_t exponent)
{
    int32_t scaled;
    if (p->rounding == MW_ROUND_REAL) {
        scaled = mw_requantize_real(p->wide != 0 ? sum : mw_wrap_32(sum), mantissa, exponent);
    } else {
        scaled = p->wide != 0 ? mw_requantize_wide(sum, *mantissa, exponent, p->rounding)
                              : mw_requantize(mw_wrap_32(sum), *mantissa, exponent, p->rounding);
    }
    return (int16_t)mw_clamp(scaled, p->low, p->high);
}

MW_KERNEL void mw_fully_connected_s16(const struct mw_fully_connected_s16_params *p, const int16_t *input,
                                      int16_t *output, const int8_t *weights, const int64_t *bias,
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
            int64_t sum = 0;
            for (k = 0; k < p->depth; k++) {
                sum += (int32_t)input[k] * (weights[k] + p->filter_offset);
            }
            weights += p->depth;
            *output++ =
                mw_fully_connected_s16_finish(p, sum + bias[unit], mantissa + words * unit, exponent[unit]);
        }
        input += p->depth;
    }
}

#endif
