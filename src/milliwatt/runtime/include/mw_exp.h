/* SPDX-License-Identifier: Apache-2.0 */
/* exp and expm1 of float32, in integers. Polynomials interpolate at the Chebyshev nodes. */
#ifndef MW_EXP_H
#define MW_EXP_H

#include "mw_float_bits.h"

/* |value| in steps of 2^-40, cut off; |value| < 128 (a subnormal gives 0). */
MW_INLINE int64_t mw_fixed_40(uint32_t magnitude_bits)
{
    const int32_t shift = (int32_t)(magnitude_bits >> 23) - 110;
    const uint64_t mantissa = (magnitude_bits & 0x7FFFFFu) | 0x800000u;
    if (shift >= 0) {
        return (int64_t)(mantissa << shift);
    }
    return shift > -24 ? (int64_t)(mantissa >> -shift) : 0;
}

/* exp(value) = 2^exponent * (1 + result / 2^32); value in steps of 2^-40, |value| < 2^7.5. Never decreases. */
MW_INLINE uint32_t mw_exp_fixed(int64_t value, int32_t *exponent)
{
    const int64_t ln2 = 762123384786;
    /* The quotient by log(2), off by at most one. */
    int32_t power = ((int32_t)(value >> 30) * 1477) >> 20;
    int64_t rest = value - power * ln2;
    uint32_t r;
    uint32_t q;
    if (rest < 0) {
        rest += ln2;
        power--;
    } else if (rest >= ln2) {
        rest -= ln2;
        power++;
    }
    *exponent = power;
    r = (uint32_t)(rest >> 8);
    /* (exp(r) - 1 - r) / r^2 on 0..log(2), off by less than 2^-34. */
    q = 818770u + mw_high(r, 139952u);
    q = 5981379u + mw_high(r, q);
    q = 35787428u + mw_high(r, q);
    q = 178957432u + mw_high(r, q);
    q = 715827863u + mw_high(r, q);
    q = 2147483648u + mw_high(r, q);
    return r + mw_high(mw_high(r, r), q);
}

/* e^x. Within 0.51 ulp, never decreasing. */
MW_INLINE float mw_exp(float x)
{
    const uint32_t bits = mw_bits_of_float(x);
    const uint32_t magnitude = bits & 0x7FFFFFFFu;
    int32_t exponent;
    int64_t fixed;
    uint32_t fraction;
    if (magnitude >= 0x43000000u) { /* |x| >= 128 */
        if (magnitude > MW_FLOAT_INFINITY) {
            return mw_float_of_bits(MW_FLOAT_NAN);
        }
        return mw_float_of_bits(bits == magnitude ? MW_FLOAT_INFINITY : 0u);
    }
    fixed = mw_fixed_40(magnitude);
    fraction = mw_exp_fixed(bits == magnitude ? fixed : -fixed, &exponent);
    return mw_round_to_float(0x80000000u | (fraction >> 1) | (fraction & 1u), exponent, 0u);
}

/* e^x - 1 for x <= 0 (and x itself for -0 and NaN). Within 0.54 ulp, never decreasing. */
MW_INLINE float mw_expm1_negative(float x)
{
    const uint32_t magnitude = mw_bits_of_float(x) & 0x7FFFFFFFu;
    const int32_t shift = (int32_t)(magnitude >> 23) - 118;
    const uint32_t mantissa = (magnitude & 0x7FFFFFu) | 0x800000u;
    if (magnitude > MW_FLOAT_INFINITY || magnitude < 0x00800000u) {
        return x;
    }
    if (magnitude >= 0x41C00000u) { /* x <= -24 */
        return -1.0f;
    }
    if (magnitude >= 0x3E800000u) { /* x <= -1/4 */
        int32_t exponent;
        const uint32_t fraction = mw_exp_fixed(-mw_fixed_40(magnitude), &exponent);
        const uint64_t power = (((uint64_t)1 << 32) + fraction) >> -exponent;
        return mw_round_wide_to_float(((uint64_t)1 << 32) - power, 31, MW_FLOAT_SIGN);
    }
    {
        /* x * (1 - a * q(a)) with a = -x, in steps of 2^-32. */
        const uint32_t a = shift >= 0 ? mantissa << shift : (shift > -24 ? mantissa >> -shift : 0u);
        uint32_t q = 35682373u - mw_high(a, 5458687u);
        q = 178947307u - mw_high(a, q);
        q = 715827582u - mw_high(a, q);
        q = 2147483646u - mw_high(a, q);
        return mw_round_wide_to_float(mantissa * (((uint64_t)1 << 32) - mw_high(a, q)),
                                      (int32_t)(magnitude >> 23) - 119, MW_FLOAT_SIGN);
    }
}

#endif
