/* SPDX-License-Identifier: Apache-2.0 */
/* The natural logarithm of float32, in integers; its twin is milliwatt/ops/fixed_log.py. */
#ifndef MW_LOG_H
#define MW_LOG_H

#include "mw_float_bits.h"

/* log(x): -inf for 0, NaN below. Within 0.51 ulp, never decreasing. */
MW_INLINE float mw_log(float x)
{
    uint32_t bits = mw_bits_of_float(x);
    int32_t exponent = -127;
    int32_t fraction;
    int32_t scaled;
    int32_t h;
    int64_t total;
    if (bits - 1u >= MW_FLOAT_INFINITY - 1u) { /* zero, infinite, NaN or negative */
        if ((bits & 0x7FFFFFFFu) == 0u) {
            return mw_float_of_bits(MW_FLOAT_SIGN | MW_FLOAT_INFINITY);
        }
        return mw_float_of_bits(bits == MW_FLOAT_INFINITY ? bits : MW_FLOAT_NAN);
    }
    if (bits < 0x800000u) { /* subnormal */
        const int32_t shift = mw_leading_zeros(bits) - 8;
        bits <<= shift;
        exponent -= shift - 1;
        bits &= 0x7FFFFFu;
    }
    /* x = 2^exponent * (1 + fraction / 2^24) with -1/3 <= fraction / 2^24 < 1/3. */
    exponent += (int32_t)(bits >> 23);
    fraction = (int32_t)(bits & 0x7FFFFFu);
    if (fraction >= 0x2AAAAB) {
        fraction -= 0x800000;
        exponent++;
    } else {
        fraction += fraction;
    }
    scaled = fraction * 256;
    /* (log(1 + f) - f) / f^2 in steps of 2^-31, off by less than 2^-32. */
    h = -241011432 + mw_high_signed(scaled, 223205336);
    h = 187525815 + mw_high_signed(scaled, h);
    h = -206516100 + mw_high_signed(scaled, h);
    h = 239065516 + mw_high_signed(scaled, h);
    h = -268923109 + mw_high_signed(scaled, h);
    h = 306771322 + mw_high_signed(scaled, h);
    h = -357901056 + mw_high_signed(scaled, h);
    h = 429496845 + mw_high_signed(scaled, h);
    h = -536871036 + mw_high_signed(scaled, h);
    h = 715827882 + mw_high_signed(scaled, h);
    h = -1073741824 + mw_high_signed(scaled, h);
    /* f * (1 + f * h) in steps of 2^-57, then the sum in steps of 2^-56: below 104 * 2^56. */
    total = (int64_t)fraction * (((int64_t)1 << 33) + (((int64_t)scaled * h) >> 30));
    total = exponent * (int64_t)49946518145322874 + (total >> 1);
    if (total == 0) {
        return 0.0f;
    }
    return mw_round_wide_to_float(total < 0 ? (uint64_t)-total : (uint64_t)total, 7,
                                  total < 0 ? MW_FLOAT_SIGN : 0u);
}

#endif
