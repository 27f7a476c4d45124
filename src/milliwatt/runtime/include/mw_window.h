/* SPDX-License-Identifier: Apache-2.0 */
/* Which taps of a sliding window lie inside the data. */
#ifndef MW_WINDOW_H
#define MW_WINDOW_H

#include "mw_base.h"

/* The first tap at or behind position 0, for a window whose tap 0 stands at `start`. */
MW_INLINE int32_t mw_first_tap(int32_t start, int32_t dilation)
{
    return start < 0 ? (dilation - 1 - start) / dilation : 0;
}

/* The first tap at or behind position `size`; at most the window, at least 0. */
MW_INLINE int32_t mw_end_tap(int32_t start, int32_t size, int32_t window, int32_t dilation)
{
    const int32_t taps = start < size ? (size - start - 1) / dilation + 1 : 0;
    return taps < window ? taps : window;
}

/* A position moved into 0..size. */
MW_INLINE int32_t mw_inside(int32_t position, int32_t size)
{
    position = position < 0 ? 0 : position;
    return position < size ? position : size;
}

#endif
