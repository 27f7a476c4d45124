/* SPDX-License-Identifier: Apache-2.0 */
/* The square root of float32, correctly rounded: by the FPU where there is one, else digit by digit. */
#ifndef MW_SQRT_H
#define MW_SQRT_H

#include "mw_float_bits.h"

/* The root of normal or subnormal positive bits. */
MW_INLINE uint32_t mw_sqrt_bits(uint32_t bits)
{
    int32_t exponent = (int32_t)(bits >> 23);
    uint32_t rest = bits & 0x7FFFFFu;
    uint32_t root = 0u;
    uint32_t twice = 0u;
    uint32_t digit;
    if (exponent == 0) {
        const int32_t shift = mw_leading_zeros(rest) - 8;
        rest <<= shift;
        exponent = 1 - shift;
    }
    rest |= 0x800000u;
    exponent -= 127;
    if ((exponent & 1) != 0) {
        rest += rest;
        exponent--;
    }
    rest += rest;
    /* Invariant: rest holds what is left of the radicand, twice is two times the root found so far. */
    for (digit = 0x1000000u; digit != 0u; digit >>= 1) {
        const uint32_t trial = twice + digit;
        if (trial <= rest) {
            rest -= trial;
            twice = trial + digit;
            root += digit;
        }
        rest += rest;
    }
    /* 25 digits: the last one rounds; a tie cannot happen. */
    root = (root >> 1) + (root & 1u);
    return root - 0x800000u + ((uint32_t)(exponent / 2 + 127) << 23);
}

/* sqrt(x): NaN below zero, the same zero for zero. */
MW_INLINE float mw_sqrt(float x)
{
#if defined(__GNUC__) && defined(__ARM_FP) && (__ARM_FP & 4) && !defined(__aarch64__)
    float root;
    __asm__("vsqrt.f32 %0, %1" : "=t"(root) : "t"(x));
    return root;
#else
    const uint32_t bits = mw_bits_of_float(x);
    if ((bits & 0x7FFFFFFFu) == 0u || bits == MW_FLOAT_INFINITY) {
        return x;
    }
    if (bits > MW_FLOAT_INFINITY) {
        return mw_float_of_bits(MW_FLOAT_NAN);
    }
    return mw_float_of_bits(mw_sqrt_bits(bits));
#endif
}

#endif
