/* SPDX-License-Identifier: Apache-2.0 */
/* Float32 products of a vector with up to four rows of weights, which lie interleaved: weights[k][width].
 * Each value is loaded once for all rows, and the weights in the order in which they lie. */
#ifndef MW_INTERLEAVED_F32_H
#define MW_INTERLEAVED_F32_H

#include "mw_base.h"

/* sums[j] += sum over k of weights[4 * k + j] * values[k]. Returns the weights behind the last one. */
MW_INLINE const float *mw_interleaved_4_f32(const float *weights, const float *values, int32_t count, float *sums)
{
    float first = sums[0];
    float second = sums[1];
    float third = sums[2];
    float fourth = sums[3];
    int32_t k;
    for (k = count >> 1; k > 0; k--) {
        const float left = values[0];
        const float right = values[1];
        first += weights[0] * left;
        second += weights[1] * left;
        third += weights[2] * left;
        fourth += weights[3] * left;
        first += weights[4] * right;
        second += weights[5] * right;
        third += weights[6] * right;
        fourth += weights[7] * right;
        weights += 8;
        values += 2;
    }
    if ((count & 1) != 0) {
        first += weights[0] * *values;
        second += weights[1] * *values;
        third += weights[2] * *values;
        fourth += weights[3] * *values;
        weights += 4;
    }
    sums[0] = first;
    sums[1] = second;
    sums[2] = third;
    sums[3] = fourth;
    return weights;
}

/* The same for 1 <= width < 4 rows: weights[k][width]. */
MW_INLINE const float *mw_interleaved_few_f32(int32_t width, const float *weights, const float *values, int32_t count,
                                              float *sums)
{
    float first = sums[0];
    float second = sums[1];
    float third = sums[2];
    int32_t k;
    for (k = 0; k < count; k++) {
        first += weights[0] * values[k];
        if (width > 1) {
            second += weights[1] * values[k];
        }
        if (width > 2) {
            third += weights[2] * values[k];
        }
        weights += width;
    }
    sums[0] = first;
    sums[1] = second;
    sums[2] = third;
    return weights;
}

MW_INLINE const float *mw_interleaved_f32(int32_t width, const float *weights, const float *values, int32_t count,
                                          float *sums)
{
    return width == 4 ? mw_interleaved_4_f32(weights, values, count, sums)
                      : mw_interleaved_few_f32(width, weights, values, count, sums);
}

#endif
