/* SPDX-License-Identifier: Apache-2.0 */
/* The complementary error function of float32, in integers. */
#ifndef MW_ERFC_H
#define MW_ERFC_H

#include "mw_exp.h"
#include "mw_one_over.h"

/* exp(a^2) * erfc(a) / u in steps of 2^-32 for 0 <= a < 10.1, u = 1 / (1 + 0.4 a), from s = u - 0.6 in steps of
 * 2^-31. The polynomial interpolates at the Chebyshev nodes and is off by less than 2^-31 of the value. */
MW_INLINE uint32_t mw_erfc_scaled(int32_t s)
{
    int64_t slope;
    int32_t p = -33556053 + (int32_t)(((int64_t)s * 50448661) >> 31);
    p = -92180452 + (int32_t)(((int64_t)s * p) >> 31);
    p = 94777312 + (int32_t)(((int64_t)s * p) >> 31);
    p = 152077496 + (int32_t)(((int64_t)s * p) >> 31);
    p = -191841866 + (int32_t)(((int64_t)s * p) >> 31);
    p = -371403378 + (int32_t)(((int64_t)s * p) >> 31);
    p = 237426735 + (int32_t)(((int64_t)s * p) >> 31);
    p = 1304631385 + (int32_t)(((int64_t)s * p) >> 31);
    /* The next coefficients leave 32 bits. */
    slope = 1933383507 + (((int64_t)s * p) >> 31);
    slope = 1731042028 + ((s * slope) >> 31);
    return (uint32_t)((int64_t)2120908376 + ((s * slope) >> 30));
}

/* erfc(x). Within 0.63 ulp, never increasing. */
MW_INLINE float mw_erfc(float x)
{
    const uint32_t bits = mw_bits_of_float(x);
    const uint32_t magnitude = bits & 0x7FFFFFFFu;
    const uint64_t mantissa = (magnitude & 0x7FFFFFu) | 0x800000u;
    const int32_t shift = (int32_t)(magnitude >> 23) - 122;
    uint32_t a;
    uint32_t d;
    uint32_t root;
    uint32_t fraction;
    int32_t zeros;
    int32_t exponent;
    uint64_t product;
    if (magnitude > MW_FLOAT_INFINITY) {
        return mw_float_of_bits(MW_FLOAT_NAN);
    }
    if (magnitude >= 0x4121999Au) { /* |x| >= 10.1 */
        return bits == magnitude ? 0.0f : 2.0f;
    }
    if (magnitude < 0x32000000u) { /* |x| < 2^-27 */
        return 1.0f;
    }
    /* a = |x| in steps of 2^-28, d = 1 + 0.4 a in steps of 2^-29. */
    a = shift >= 0 ? (uint32_t)(mantissa << shift) : (uint32_t)(mantissa >> -shift);
    d = 0x20000000u + mw_high(a, 3435973837u);
    zeros = mw_leading_zeros(d);
    /* u = root * 2^(zeros - 2) in steps of 2^-31. */
    root = mw_one_over(d << zeros);
    product = (uint64_t)root * mw_erfc_scaled((int32_t)(root >> (2 - zeros)) - 1288490189);
    /* exp(-a^2): the square is exact in steps of 2^-56 or finer, and cut off at 2^-40. */
    fraction = mw_exp_fixed(-(int64_t)((((uint64_t)a * a) + 0x8000u) >> 16), &exponent);
    product = (uint64_t)(uint32_t)(product >> 31) * (0x80000000u | (fraction >> 1));
    exponent += zeros - 2;
    /* The result is product * 2^(exponent - 63). */
    if (bits == magnitude) {
        return mw_round_wide_to_float(product, exponent, 0u);
    }
    product = exponent > -60 ? product >> (1 - exponent) : 0u;
    return mw_round_wide_to_float(((uint64_t)1 << 63) - product, 1, 0u);
}

#endif
