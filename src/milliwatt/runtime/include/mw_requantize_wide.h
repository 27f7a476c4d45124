/* SPDX-License-Identifier: Apache-2.0 */
/* Rescaling of 64-bit accumulators, of 16-bit data: value * mantissa / 2^31 * 2^exponent.
 * Source: TFLite kernels/internal/common.cc, MultiplyByQuantizedMultiplier for int64. */
#ifndef MW_REQUANTIZE_WIDE_H
#define MW_REQUANTIZE_WIDE_H

#include "mw_requantize.h"

#define MW_WIDE_LIMIT ((int64_t)1 << 47)

/* Reduces modulo 2^32. */
MW_INLINE int32_t mw_wrap_32(int64_t value)
{
    return (int32_t)(uint32_t)(uint64_t)value;
}

/* exponent < 15. With MW_ROUND_DOUBLE the mantissa has 15 bits (lowering has rounded it), one rounding follows and
 * the result wraps. With MW_ROUND_SINGLE the mantissa has 31 bits: the product is formed in two parts, and the
 * result saturates. Values are limited to 48 bits. */
MW_INLINE int32_t mw_requantize_wide(int64_t value, int32_t mantissa, int32_t exponent, int32_t rounding)
{
    value = value < -MW_WIDE_LIMIT ? -MW_WIDE_LIMIT : value;
    value = value >= MW_WIDE_LIMIT ? MW_WIDE_LIMIT - 1 : value;
    if (rounding == MW_ROUND_SINGLE) {
        const int32_t shift = 31 - exponent;
        const int64_t low = (value & 0xFFFF) * mantissa + ((int64_t)1 << (shift - 1));
        const int64_t result = ((value >> 16) * mantissa + (low >> 16)) >> (shift - 16);
        if (result < INT32_MIN) {
            return INT32_MIN;
        }
        return result > INT32_MAX ? INT32_MAX : (int32_t)result;
    }
    {
        const int32_t shift = 15 - exponent;
        return mw_wrap_32((value * mantissa + ((int64_t)1 << (shift - 1))) >> shift);
    }
}

#endif
