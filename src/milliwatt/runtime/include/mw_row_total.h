/* SPDX-License-Identifier: Apache-2.0 */
/* The denominator of an integer softmax. Source: TFLite kernels/internal/reference/softmax.h. */
#ifndef MW_ROW_TOTAL_H
#define MW_ROW_TOTAL_H

#include "mw_reciprocal.h"
#include "mw_rows_8.h"

#define MW_ROW_TOTAL_SHIFT 12 /* terms have 31 fractional bits, their sum 19 */

/* Sum of the table's entries, all >= 0, at the distances from the maximum; limited to INT32_MAX. */
MW_INLINE int32_t mw_row_total(const uint8_t *row, int32_t depth, uint32_t flip, const int32_t *table,
                               int32_t largest)
{
    int32_t sum = 0;
    int32_t i;
    for (i = 0; i < depth; i++) {
        const int32_t term = table[largest - (int32_t)(row[i] ^ flip)];
        const int32_t rounded = mw_rounding_shift_right(term, MW_ROW_TOTAL_SHIFT);
        sum = sum > INT32_MAX - rounded ? INT32_MAX : sum + rounded;
    }
    return sum;
}

/* term / sum in steps of 1 / 2^bits, where fraction is the reciprocal of the sum, whose bit length is given. */
MW_INLINE int32_t mw_row_share(int32_t term, int32_t fraction, int32_t length, int32_t bits)
{
    const int32_t shift = length - 1 + MW_ROW_TOTAL_SHIFT - bits;
    const int32_t limit = ((int32_t)1 << bits) - 1;
    int32_t steps;
    if (shift > 31) {
        return 0;
    }
    steps = mw_rounding_shift_right(mw_doubling_high_multiply(fraction, term), shift);
    return steps > limit ? limit : steps;
}

#endif
