/* SPDX-License-Identifier: Apache-2.0 */
/* One int8 output of an accumulator by one multiplication and one shift, where lowering has proven that it is exact
 * (lower/short_rescale.py). Weights and bias of a channel come multiplied by a power of two, so that its rounding
 * constant is a multiple of 2^32 and, mostly, all channels share one shift. */
#ifndef MW_SHORT_RESCALE_H
#define MW_SHORT_RESCALE_H

#include "mw_requantize.h"

struct mw_short_rescale {
    int32_t base;     /* of the rounding constants */
    int32_t shift;    /* -1: every channel has its own, 1 or more */
    int32_t rounded;  /* whether the product's upper word is rounded to nearest, not down */
    int32_t negative; /* whether one is taken away from negative accumulators */
    int32_t low;
    int32_t high;
};

/* own: the channel's part of the rounding constant, or its shift. */
MW_INLINE int8_t mw_short_rescale_of(const struct mw_short_rescale *p, int32_t sum, int32_t mantissa, int32_t own)
{
    const int32_t shift = p->shift < 0 ? own : p->shift;
    const int32_t nudge = p->shift < 0 ? mw_shift_left(p->base, own - 1) : p->base + own;
    const int64_t product = (int64_t)sum * mantissa + (p->rounded != 0 ? (int64_t)1 << 31 : 0);
    const int32_t scaled = (int32_t)(product >> 32) + nudge + (p->negative != 0 ? sum >> 31 : 0);
    return (int8_t)mw_clamp(scaled >> shift, p->low, p->high);
}

#endif
