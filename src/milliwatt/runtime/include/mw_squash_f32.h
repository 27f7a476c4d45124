/* SPDX-License-Identifier: Apache-2.0 */
/* The hyperbolic tangent of a few floats by a quotient of polynomials, for the gates of recurrent layers: several times
 * faster on an FPU than the exact function of mw_tanh.h. */
#ifndef MW_SQUASH_F32_H
#define MW_SQUASH_F32_H

#include "mw_loaded_f32.h"

/* values[i] = tanh(values[i]), within 3 ulp and never beyond 1. The quotient is a minimax of the relative error on
 * -8..8, found by Lawson's iteration; the same on every core, since each operation is rounded.
 * One copy for all its uses: its constants stay in registers while the loop runs. */
MW_NOINLINE void mw_squash_f32(float *values, int32_t count)
{
    int32_t i;
    MW_ROLLED
    for (i = 0; i < count; i++) {
        float x = values[i];
        float square;
        float above;
        float below;
        x = x < -8.0f ? -8.0f : x;
        x = x > 8.0f ? 8.0f : x;
        square = x * x;
        above = square * 1.52304853e-8f + 2.18947116e-5f;
        below = square * 8.5224741e-7f + 3.41129693e-4f;
        above = above * square + 3.57160112e-3f;
        below = below * square + 2.61644553e-2f;
        above = above * square + 1.34445012e-1f;
        below = below * square + 4.67778265e-1f;
        above = above * square + 1.0f;
        below = below * square + 1.0f;
        values[i] = x * above / below;
    }
}

#endif
