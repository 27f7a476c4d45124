/* SPDX-License-Identifier: Apache-2.0 */
/* One over the square root of an integer as a multiplier: TFLite's GetInvSqrtQuantizedMultiplierExp, five steps
 * of Newton's iteration in steps of 2^-28 from 1 (kernels/internal/quantization_util.h). */
#ifndef MW_INVERSE_SQRT_H
#define MW_INVERSE_SQRT_H

#include "mw_requantize.h"

/* value * 2^bits, limited to int32. */
MW_INLINE int32_t mw_inverse_sqrt_shift(int32_t value, int32_t bits)
{
    const int32_t largest = 2147483647 >> bits;
    if (value > largest) {
        return 2147483647;
    }
    return value < -largest - 1 ? -2147483647 - 1 : mw_shift_left(value, bits);
}

/* 1 / sqrt(value) = mantissa / 2^31 * 2^exponent; the mantissa is returned. 0 counts as 1. */
MW_INLINE int32_t mw_inverse_sqrt(int32_t value, int32_t *exponent)
{
    int32_t shift = 11;
    int32_t half;
    int32_t root = 1 << 28;
    int32_t i;
    if (value <= 1) {
        *exponent = 0;
        return 2147483647;
    }
    while (value >= 1 << 29) {
        value /= 4;
        shift++;
    }
    while (value < 1 << 27) {
        value *= 4;
        shift--;
    }
    half = ((value >> 1) + 1) >> 1;
    for (i = 0; i < 5; i++) {
        const int32_t square = mw_doubling_high_multiply(root, root);
        const int32_t cube = mw_inverse_sqrt_shift(mw_doubling_high_multiply(square, root), 6);
        root = mw_inverse_sqrt_shift(
            mw_doubling_high_multiply(402653184, root) - mw_doubling_high_multiply(half, cube), 3);
    }
    root = mw_doubling_high_multiply(root, 1518500250);
    *exponent = shift > 0 ? -shift : 0;
    return shift < 0 ? mw_shift_left(root, -shift) : root;
}

#endif
