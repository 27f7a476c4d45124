/* SPDX-License-Identifier: Apache-2.0 */
/* LOG, float32.
 * Goes forwards and reads element i before it writes element i. */
#ifndef MW_LOG_F32_H
#define MW_LOG_F32_H

#include "mw_log.h"

struct mw_log_f32_params {
    int32_t count;
};

MW_KERNEL void mw_log_f32(const struct mw_log_f32_params *p, const float *input, float *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        output[i] = mw_log(input[i]);
    }
}

#endif
