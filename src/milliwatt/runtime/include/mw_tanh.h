/* SPDX-License-Identifier: Apache-2.0 */
/* The hyperbolic tangent of float32, in integers. */
#ifndef MW_TANH_H
#define MW_TANH_H

#include "mw_exp.h"
#include "mw_one_over.h"

/* tanh(x). Within 0.53 ulp, never decreasing. */
MW_INLINE float mw_tanh(float x)
{
    const uint32_t bits = mw_bits_of_float(x);
    const uint32_t magnitude = bits & 0x7FFFFFFFu;
    const uint32_t sign = bits & MW_FLOAT_SIGN;
    const uint32_t mantissa = (magnitude & 0x7FFFFFu) | 0x800000u;
    const int32_t shift = (int32_t)(magnitude >> 23) - 118;
    if (magnitude > MW_FLOAT_INFINITY || magnitude < 0x39000000u) { /* NaN, or |x| < 2^-13: tanh(x) rounds to x */
        return x;
    }
    if (magnitude >= 0x41110000u) { /* |x| >= 9.0625: 1 - tanh < 2^-25 */
        return mw_float_of_bits(sign | 0x3F800000u);
    }
    if (magnitude >= 0x3E800000u) { /* |x| >= 1/4: (1 - u) / (1 + u), u = exp(-2 |x|) */
        int32_t exponent;
        const uint32_t fraction = mw_exp_fixed(-2 * mw_fixed_40(magnitude), &exponent);
        const uint32_t u = (uint32_t)((((uint64_t)1 << 32) + fraction) >> -exponent);
        const uint64_t quotient = (uint64_t)(0u - u) * mw_one_over(0x80000000u + (u >> 1));
        return mw_round_wide_to_float(quotient, 0, sign);
    }
    {
        /* x * (1 - z * q(z)) with z = x^2, in steps of 2^-32. */
        const uint32_t a = shift >= 0 ? mantissa << shift : mantissa >> -shift;
        const uint32_t z = mw_high(a, a);
        uint32_t q = 231614212u - mw_high(z, 89331229u);
        q = 572660095u - mw_high(z, q);
        q = 1431655761u - mw_high(z, q);
        return mw_round_wide_to_float(mantissa * (((uint64_t)1 << 32) - mw_high(z, q)),
                                      (int32_t)(magnitude >> 23) - 119, sign);
    }
}

#endif
