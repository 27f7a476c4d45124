/* SPDX-License-Identifier: Apache-2.0 */
/* FLOOR_MOD, float: the exact remainder of the truncated quotient, moved to the divisor's sign. */
#ifndef MW_FLOOR_MOD_F32_H
#define MW_FLOOR_MOD_F32_H

#include "mw_broadcast.h"

struct mw_floor_mod_f32_params {
    int32_t rows;
    int32_t count;
    int32_t extent_1;
    int32_t extent_2;
    int32_t extent_3;
    int32_t extent_4;
    int32_t first_mask;
    int32_t second_mask;
};

/* dividend - divisor * trunc(dividend / divisor) of finite positive numbers. Multiples of the divisor by powers of two
 * are subtracted from the largest to the smallest; no step rounds. */
MW_INLINE float mw_floor_mod_f32_remainder(float dividend, float divisor)
{
    float multiple = divisor;
    while (multiple <= dividend * 0.5f) {
        multiple *= 2.0f;
    }
    while (multiple >= divisor) {
        if (dividend >= multiple) {
            dividend -= multiple;
        }
        multiple *= 0.5f;
    }
    return dividend;
}

MW_INLINE float mw_floor_mod_f32_element(float dividend, float divisor)
{
    const float magnitude = dividend < 0.0f ? -dividend : dividend;
    const float step = divisor < 0.0f ? -divisor : divisor;
    float remainder;
    if (!(magnitude <= 3.402823466e+38f && step > 0.0f)) {
        return (divisor - divisor) / (divisor - divisor); /* NaN */
    }
    remainder = step <= 3.402823466e+38f ? mw_floor_mod_f32_remainder(magnitude, step) : magnitude;
    remainder = dividend < 0.0f ? -remainder : remainder;
    return remainder != 0.0f && (remainder < 0.0f) != (divisor < 0.0f) ? remainder + divisor : remainder;
}

MW_KERNEL void mw_floor_mod_f32(const struct mw_floor_mod_f32_params *p, const float *first, const float *second,
                                float *output)
{
    MW_FOR_EACH_PAIR(p, float, first, second, output, mw_floor_mod_f32_element(*left, *right));
}

#endif
