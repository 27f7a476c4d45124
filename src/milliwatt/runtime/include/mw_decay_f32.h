/* SPDX-License-Identifier: Apache-2.0 */
/* The exponential of a float that is not positive, in floats: several times faster on an FPU than that of mw_exp.h. */
#ifndef MW_DECAY_F32_H
#define MW_DECAY_F32_H

#include "mw_float_bits.h"

/* e^x for x <= 0, within 0.7 ulp, never beyond 1; 0 below -87, where the result leaves the normal floats. The
 * polynomial is a minimax of the relative error on -log(2)/2..log(2)/2, found by Lawson's iteration; log(2) is taken
 * away in two parts, of which the first has few bits (Cody and Waite). */
MW_INLINE float mw_decay_f32(float x)
{
    int32_t power;
    float rest;
    float value;
    if (!(x >= -87.0f)) {
        return x < -87.0f ? 0.0f : x; /* NaN stays */
    }
    power = (int32_t)(x * 1.44269504f - 0.5f);
    rest = x - (float)power * 0.693359375f;
    rest = rest + (float)power * 2.12194440e-4f;
    value = 1.38144672e-3f * rest + 8.36878084e-3f;
    value = value * rest + 4.16683927e-2f;
    value = value * rest + 1.66665196e-1f;
    value = value * rest + 4.9999994e-1f;
    value = value * rest * rest + rest + 1.0f;
    return mw_float_of_bits(mw_bits_of_float(value) + ((uint32_t)power << 23));
}

#endif
