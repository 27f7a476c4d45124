/* SPDX-License-Identifier: Apache-2.0 */
/* Rounding of float32 to integers that stay float32; large values, infinities and NaN stay as they are. */
#ifndef MW_ROUND_F32_TO_INTEGER_H
#define MW_ROUND_F32_TO_INTEGER_H

#include "mw_float_bits.h"

/* Whether |x| < 2^23: larger floats are integers. */
MW_INLINE int32_t mw_may_have_fraction(float x)
{
    return (mw_bits_of_float(x) & 0x7FFFFFFFu) < 0x4B000000u ? 1 : 0;
}

/* The magnitude of an integer with the sign of x, so that zero keeps its sign. */
MW_INLINE float mw_with_sign_of(float x, float integer)
{
    return mw_float_of_bits((mw_bits_of_float(integer) & ~MW_FLOAT_SIGN) | (mw_bits_of_float(x) & MW_FLOAT_SIGN));
}

MW_INLINE float mw_floor(float x)
{
    float whole;
    if (mw_may_have_fraction(x) == 0) {
        return x;
    }
    whole = (float)(int32_t)x;
    return mw_with_sign_of(x, whole > x ? whole - 1.0f : whole);
}

MW_INLINE float mw_round_half_even(float x)
{
    int32_t whole;
    float rest;
    if (mw_may_have_fraction(x) == 0) {
        return x;
    }
    whole = (int32_t)x;
    rest = x - (float)whole;
    if (rest > 0.5f || (rest >= 0.5f && (whole & 1) != 0)) {
        whole++;
    } else if (rest < -0.5f || (rest <= -0.5f && (whole & 1) != 0)) {
        whole--;
    }
    return mw_with_sign_of(x, (float)whole);
}

#endif
