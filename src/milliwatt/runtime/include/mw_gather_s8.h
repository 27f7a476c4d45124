/* SPDX-License-Identifier: Apache-2.0 */
/* Gathers windows of int8 images as 16-bit numbers, minus the zero point, for mw_tile_s8.h: the words of two pixels
 * in turn, so each function writes every other word and returns where it stopped. */
#ifndef MW_GATHER_S8_H
#define MW_GATHER_S8_H

#include "mw_dsp.h"

/* count bytes: of each four, bytes 0 and 2 and then bytes 1 and 3; up to three more in their order. What follows an
 * odd one is of no account: its weight is 0. */
MW_INLINE uint32_t *mw_gather_s8_bytes(const int8_t *from, int32_t count, uint32_t offset, uint32_t *to)
{
    const int8_t *const end = from + (count & ~3);
    while (from != end) {
        const uint32_t bytes = mw_load_word(from);
        to[0] = mw_sxtab16(offset, bytes);
        to[2] = mw_sxtab16_odd(offset, bytes);
        from += 4;
        to += 4;
    }
    if ((count & 3) > 1) {
        *to = mw_pkhbt((uint32_t)from[0] + offset, (uint32_t)from[1] + offset);
        from += 2;
        to += 2;
    }
    if ((count & 1) != 0) {
        *to = ((uint32_t)*from + offset) & 0xFFFFu;
        to += 2;
    }
    return to;
}

/* count zeros, rounded up to a word. */
MW_INLINE uint32_t *mw_gather_s8_zeros(int32_t count, uint32_t *to)
{
    while (count > 0) {
        *to = 0;
        to += 2;
        count -= 2;
    }
    return to;
}

/* Fills a row of count bytes up with the zero point: those from first to end - 1 lie at `from`. Shared, for borders. */
MW_NOINLINE void mw_gather_s8_staged(const int8_t *from, int32_t first, int32_t end, int32_t count, int32_t offset,
                                     int8_t *staging)
{
    int32_t i;
    for (i = 0; i < count; i++) {
        staging[i] = (int8_t)-offset;
    }
    for (i = first; i < end; i++) {
        staging[i] = *from++;
    }
}

#endif
