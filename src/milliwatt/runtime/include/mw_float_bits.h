/* SPDX-License-Identifier: Apache-2.0 */
/* The bits of float32, and rounding of integers to float32. The float functions of this library compute in
 * integers, so that their results are the same on every core, with or without an FPU. */
#ifndef MW_FLOAT_BITS_H
#define MW_FLOAT_BITS_H

#include "mw_base.h"

#define MW_FLOAT_INFINITY 0x7F800000u
#define MW_FLOAT_NAN 0x7FC00000u
#define MW_FLOAT_SIGN 0x80000000u

union mw_float_bits {
    float value;
    uint32_t bits;
};

MW_INLINE uint32_t mw_bits_of_float(float value)
{
    union mw_float_bits both;
    both.value = value;
    return both.bits;
}

MW_INLINE float mw_float_of_bits(uint32_t bits)
{
    union mw_float_bits both;
    both.bits = bits;
    return both.value;
}

/* Zero bits above the highest one; 32 for zero. */
MW_INLINE int32_t mw_leading_zeros(uint32_t value)
{
#if defined(__ARM_FEATURE_CLZ) || defined(__x86_64__) || defined(__aarch64__)
    return value == 0u ? 32 : (int32_t)__builtin_clz(value);
#else
    int32_t zeros = 32;
    int32_t step;
    for (step = 16; step > 0; step >>= 1) {
        const uint32_t high = value >> step;
        if (high != 0u) {
            zeros -= step;
            value = high;
        }
    }
    return zeros - (int32_t)value;
#endif
}

/* The high half of a product: with fractions in steps of 2^-a and 2^-b, one in steps of 2^-(a + b - 32). */
MW_INLINE uint32_t mw_high(uint32_t left, uint32_t right)
{
    return (uint32_t)(((uint64_t)left * right) >> 32);
}

MW_INLINE int32_t mw_high_signed(int32_t left, int32_t right)
{
    return (int32_t)(((int64_t)left * right) >> 32);
}

/* significand * 2^(exponent - 31) rounded to nearest, ties to even, with subnormals and infinity. The highest
 * bit of the significand is set; its lowest one stands for itself and all that was cut off below it. */
MW_INLINE float mw_round_to_float(uint32_t significand, int32_t exponent, uint32_t sign)
{
    const int32_t biased = exponent + 127;
    int32_t drop = 8;
    uint32_t kept;
    uint32_t rest;
    uint32_t half;
    if (biased >= 255) {
        return mw_float_of_bits(sign | MW_FLOAT_INFINITY);
    }
    if (biased <= 0) {
        if (biased < -23) {
            return mw_float_of_bits(sign);
        }
        /* One bit more to drop than the word has is avoided by dropping the first one here. */
        significand = (significand >> 1) | (significand & 1u);
        drop = 8 - biased;
    }
    kept = significand >> drop;
    half = (uint32_t)1 << (drop - 1);
    rest = significand & (half + half - 1u);
    kept += (rest > half || (rest == half && (kept & 1u) != 0u)) ? 1u : 0u;
    /* The leading bit of kept adds one to the exponent's field, and so does a carry out of it. */
    return mw_float_of_bits(sign | (kept + (biased > 0 ? (uint32_t)(biased - 1) << 23 : 0u)));
}

/* value * 2^(exponent - 63) rounded as above, for any value that is not zero. */
MW_INLINE float mw_round_wide_to_float(uint64_t value, int32_t exponent, uint32_t sign)
{
    const uint32_t high = (uint32_t)(value >> 32);
    const int32_t zeros = high != 0u ? mw_leading_zeros(high) : 32 + mw_leading_zeros((uint32_t)value);
    const uint64_t normal = value << zeros;
    const uint32_t sticky = (uint32_t)normal != 0u ? 1u : 0u;
    return mw_round_to_float((uint32_t)(normal >> 32) | sticky, exponent - zeros, sign);
}

#endif
