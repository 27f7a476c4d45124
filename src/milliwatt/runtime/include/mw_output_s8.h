/* SPDX-License-Identifier: Apache-2.0 */
/* One int8 output of an int32 accumulator in few instructions, where lowering has proven that it is exact: the
 * accumulator stays below 2^30 and every multiplier is less than 1/2 (two roundings) or 1/4 (one rounding).
 *
 * Two roundings: x = floor((2 a m + 2^31) / 2^32) is one SMMLAR, which also adds the constants of the second
 * rounding, (x + 2^(e-1) - [x < 0]) >> e. The sign of a serves for that of x: they differ only for x = 0, where both
 * give 0 as e >= 1. The zero point z joins the constant: (2 z + 1) 2^(e-1).
 * One rounding: floor((a m + 2^(t-1)) / 2^t), t = 31 + e, is one SMMLA with (2 z + 1) 2^(t-33), shifted by t - 32.
 * Source of the contract: see mw_requantize.h. */
#ifndef MW_OUTPUT_S8_H
#define MW_OUTPUT_S8_H

#include "mw_requantize.h"

/* rectified: the zero point is the lowest output, so that negative accumulators end there with or without their part
 * of the rounding, which is left out. */
struct mw_output_s8 {
    int32_t zero_point;
    int32_t low;
    int32_t high;
    int32_t rounding;
    int32_t rectified;
};

/* value: accumulator * 2^bits, bits 0 or more. halving: one less than the final shift. */
MW_INLINE int8_t mw_output_s8_of(const struct mw_output_s8 *p, int32_t value, int32_t bits, int32_t mantissa,
                                 int32_t halving)
{
    const int32_t nudge = mw_shift_left(2 * p->zero_point + 1, halving);
    int32_t scaled;
    if (p->rounding == MW_ROUND_SINGLE) {
        scaled = nudge + (int32_t)(((int64_t)(value >> bits) * mantissa) >> 32);
    } else {
        const int32_t twice = bits > 0 ? value >> (bits - 1) : mw_shift_left(value, 1);
        const int64_t product = (int64_t)twice * mantissa + ((int64_t)1 << 31);
        scaled = nudge + (p->rectified != 0 ? 0 : value >> 31) + (int32_t)(product >> 32);
    }
    return (int8_t)mw_clamp((scaled >> halving) >> 1, p->low, p->high);
}

#endif
