/* SPDX-License-Identifier: Apache-2.0 */
/* The range of a fused activation on floats. */
#ifndef MW_CLAMP_F32_H
#define MW_CLAMP_F32_H

#include "mw_base.h"

/* NaN stays NaN, as with std::min and std::max in TFLite's kernels. */
MW_INLINE float mw_clamp_f32(float value, float low, float high)
{
    value = value < low ? low : value;
    return value > high ? high : value;
}

#endif
