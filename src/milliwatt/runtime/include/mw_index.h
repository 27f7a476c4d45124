/* SPDX-License-Identifier: Apache-2.0 */
/* Indices as outputs, in 4 or 8 bytes. */
#ifndef MW_INDEX_H
#define MW_INDEX_H

#include "mw_base.h"

/* Writes index >= 0, lowest byte first as all supported cores store integers. */
MW_INLINE void mw_store_index(uint8_t *output, int32_t index, int32_t bytes)
{
    int32_t i;
    for (i = 0; i < bytes; i++) {
        output[i] = i < 4 ? (uint8_t)((uint32_t)index >> (8 * i)) : (uint8_t)0;
    }
}

#endif
