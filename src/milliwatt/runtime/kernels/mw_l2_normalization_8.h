/* SPDX-License-Identifier: Apache-2.0 */
/* L2_NORMALIZATION on int8 or uint8 with results of the same type, scale 1/128 and zero point 0 or 128.
 * Goes forwards; an element is last read before its result is written. */
#ifndef MW_L2_NORMALIZATION_8_H
#define MW_L2_NORMALIZATION_8_H

#include "mw_inverse_sqrt.h"

struct mw_l2_normalization_8_params {
    int32_t rows;
    int32_t depth;
    int32_t flip;       /* 128 for int8, 0 for uint8 */
    int32_t zero_point; /* of the input, flipped */
    int32_t factor;     /* 128 = factor * 2^raise: where TFLite puts the output's scale differs by type */
    int32_t raise;
    int32_t rounding;
};

MW_KERNEL void mw_l2_normalization_8(const struct mw_l2_normalization_8_params *p, const uint8_t *input,
                                     uint8_t *output)
{
    const uint32_t flip = (uint32_t)p->flip;
    int32_t row;
    int32_t i;
    for (row = 0; row < p->rows; row++) {
        int32_t sum = 0;
        int32_t mantissa;
        int32_t exponent;
        for (i = 0; i < p->depth; i++) {
            const int32_t x = (int32_t)(input[i] ^ flip) - p->zero_point;
            sum += x * x;
        }
        mantissa = mw_inverse_sqrt(sum, &exponent);
        for (i = 0; i < p->depth; i++) {
            const int32_t x = (int32_t)(input[i] ^ flip) - p->zero_point;
            const int32_t y = 128 + mw_requantize(x * p->factor, mantissa, exponent + p->raise, p->rounding);
            output[i] = (uint8_t)((uint32_t)mw_clamp(y, 0, 255) ^ flip);
        }
        input += p->depth;
        output += p->depth;
    }
}

#endif
