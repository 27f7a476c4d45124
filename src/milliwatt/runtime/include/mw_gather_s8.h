/* SPDX-License-Identifier: Apache-2.0 */
/* Gathers windows of int8 images as 16-bit numbers, minus the zero point, for mw_tile_s8.h: the words of two pixels
 * in turn, so each function writes every other word and returns where it stopped. */
#ifndef MW_GATHER_S8_H
#define MW_GATHER_S8_H

#include "mw_dsp.h"

/* count bytes, a multiple of 4: bytes 0 and 2 of each word, then bytes 1 and 3. */
MW_INLINE uint32_t *mw_gather_s8_words(const int8_t *from, int32_t count, uint32_t offset, uint32_t *to)
{
    const int8_t *const end = from + count;
    while (from != end) {
        const uint32_t bytes = mw_load_word(from);
        to[0] = mw_sxtab16(offset, bytes);
        to[2] = mw_sxtab16_odd(offset, bytes);
        from += 4;
        to += 4;
    }
    return to;
}

/* count bytes in their order; an odd one is followed by whatever the padding's weight of 0 removes. */
MW_INLINE uint32_t *mw_gather_s8_bytes(const int8_t *from, int32_t count, int32_t offset, uint32_t *to)
{
    int32_t i;
    for (i = 1; i < count; i += 2) {
        *to = mw_pkhbt((uint32_t)(from[0] + offset), (uint32_t)(from[1] + offset));
        from += 2;
        to += 2;
    }
    if (i == count) {
        *to = (uint32_t)(*from + offset) & 0xFFFFu;
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

/* A row of count bytes of which only those from first to end - 1 lie inside the image, where `from` points to the
 * first of them. Byte by byte: for borders. */
MW_INLINE uint32_t *mw_gather_s8_clipped(const int8_t *from, int32_t first, int32_t end, int32_t count, int32_t offset,
                                         uint32_t *to)
{
    int32_t i;
    (void)mw_gather_s8_zeros(count, to);
    for (i = first; i < end; i++) {
        /* In rows of whole words, byte 1 and 2 of each four change places. */
        const int32_t swap = (count & 3) == 0 && ((i & 3) == 1 || (i & 3) == 2) ? 3 : 0;
        const int32_t place = i ^ swap;
        const uint32_t value = (uint32_t)(from[i - first] + offset) & 0xFFFFu;
        to[place & ~1] |= (place & 1) != 0 ? value << 16 : value;
    }
    return to + ((count + 1) & ~1);
}

#endif
