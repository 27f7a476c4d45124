/* SPDX-License-Identifier: Apache-2.0 */
/* TFLite's LUTLookup on int16: the high 9 bits choose one of 512 intervals, the low 7 interpolate in it. */
#ifndef MW_INTERPOLATE_16_H
#define MW_INTERPOLATE_16_H

#include "mw_base.h"

/* table: 513 samples. The slope and the result are kept in 16 bits. */
MW_INLINE int16_t mw_interpolate_16(const int16_t *table, int32_t value)
{
    const int16_t *const sample = table + 256 + (value >> 7);
    const int16_t slope = (int16_t)(sample[1] - sample[0]);
    return (int16_t)(sample[0] + ((slope * (value & 0x7F) + 64) >> 7));
}

#endif
