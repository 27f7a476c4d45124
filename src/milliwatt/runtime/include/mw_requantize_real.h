/* SPDX-License-Identifier: Apache-2.0 */
/* round(value * scale), ties away from zero, with the product in double precision, by integers. The scale is
 * significand / 2^53 * 2^exponent; the significand has 53 bits in two words, the lower one first.
 * The exact product is cut to its highest 54 bits. The last of them is that of a half, which IEEE 754 rounds to even; a
 * tie of the second rounding is even, so that a product is taken for one exactly if it lies at most that half below it.
 * Source of the contract: measured, ai-edge-litert 2.3. */
#ifndef MW_REQUANTIZE_REAL_H
#define MW_REQUANTIZE_REAL_H

#include "mw_requantize.h"

#define MW_ROUND_REAL 3

/* |value| <= 2^47; results beyond int32 end at its limits. */
MW_INLINE int32_t mw_requantize_real(int64_t value, const int32_t *significand, int32_t exponent)
{
    const uint32_t first = (uint32_t)significand[0];
    const uint32_t second = (uint32_t)significand[1];
    const uint64_t whole = value < 0 ? 0u - (uint64_t)value : (uint64_t)value;
    const uint64_t magnitude = whole > ((uint64_t)1 << 47) ? (uint64_t)1 << 47 : whole;
    const uint64_t below = magnitude & 0xFFFFFFFFu;
    const uint64_t above = magnitude >> 32;
    const uint64_t low = below * first;
    const uint64_t middle = below * second + above * first + (low >> 32);
    uint64_t upper = (above * second << 16) + (middle >> 16); /* of the product, but its lowest 48 bits: */
    uint64_t lower = ((middle & 0xFFFFu) << 32) | (low & 0xFFFFFFFFu);
    int32_t shift = 53 - exponent;
    uint64_t result = 0;
    while (upper >= 64) {
        lower = (lower >> 1) | ((upper & 1u) << 47);
        upper >>= 1;
        shift--;
    }
    lower |= upper << 48;
    lower += lower >> 53;
    if (shift <= 0) {
        result = lower == 0 ? 0 : (uint64_t)INT32_MAX;
    } else if (shift < 56) {
        result = (lower + ((uint64_t)1 << (shift - 1))) >> shift;
    }
    result = result > (uint64_t)INT32_MAX ? (uint64_t)INT32_MAX : result;
    return value < 0 ? -(int32_t)result : (int32_t)result;
}

#endif
