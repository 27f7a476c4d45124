/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of int8 or uint8 data, of which one kernel serves both: int8 is made unsigned by flipping its sign bit. */
#ifndef MW_ROWS_8_H
#define MW_ROWS_8_H

#include "mw_float_bits.h"

/* Rounds to nearest, ties to even; |value| < 2^22. Adding 1.5 * 2^23 leaves the integer in the low bits. */
MW_INLINE int32_t mw_rint(float value)
{
    return (int32_t)(mw_bits_of_float(value + 12582912.0f) - 0x4B400000u);
}

/* The largest element of a row, flipped. */
MW_INLINE int32_t mw_row_maximum(const uint8_t *row, int32_t depth, uint32_t flip)
{
    int32_t largest = 0;
    int32_t i;
    for (i = 0; i < depth; i++) {
        const int32_t value = (int32_t)(row[i] ^ flip);
        largest = value > largest ? value : largest;
    }
    return largest;
}

/* Sum of the table's entries at the distances from the maximum, added in order. */
MW_INLINE float mw_row_sum(const uint8_t *row, int32_t depth, uint32_t flip, const float *table, int32_t largest)
{
    float sum = 0.0f;
    int32_t i;
    for (i = 0; i < depth; i++) {
        sum += table[largest - (int32_t)(row[i] ^ flip)];
    }
    return sum;
}

#endif
