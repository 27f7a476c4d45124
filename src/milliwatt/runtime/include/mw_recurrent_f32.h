/* SPDX-License-Identifier: Apache-2.0 */
/* What the recurrent kernels share: how a state begins, and what opens a gate. */
#ifndef MW_RECURRENT_F32_H
#define MW_RECURRENT_F32_H

#include "mw_interleaved_f32.h"
#include "mw_squash_f32.h"

/* What a state holds before the first step. */
#define MW_START_KEPT 0 /* what it held before the call */
#define MW_START_ZERO 1
#define MW_START_GIVEN 2 /* the initial state; it is not read otherwise */

MW_INLINE void mw_start_f32(int32_t start, const float *initial, float *state, int32_t count)
{
    int32_t i;
    for (i = 0; start != MW_START_KEPT && i < count; i++) {
        state[i] = start == MW_START_ZERO ? 0.0f : initial[i];
    }
}

/* logistic(x) from tanh(x / 2). */
MW_INLINE float mw_gate_f32(float squashed)
{
    return 0.5f + 0.5f * squashed;
}

#endif
