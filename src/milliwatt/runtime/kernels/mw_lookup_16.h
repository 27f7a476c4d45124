/* SPDX-License-Identifier: Apache-2.0 */
/* EXP, LOG, RSQRT, GELU, int16: a table of 513 samples with linear interpolation.
 * Goes forwards and reads element i before it writes element i. */
#ifndef MW_LOOKUP_16_H
#define MW_LOOKUP_16_H

#include "mw_interpolate_16.h"

struct mw_lookup_16_params {
    int32_t count;
};

MW_KERNEL void mw_lookup_16(const struct mw_lookup_16_params *p, const int16_t *input, int16_t *output,
                            const int16_t *table)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        output[i] = mw_interpolate_16(table, input[i]);
    }
}

#endif
