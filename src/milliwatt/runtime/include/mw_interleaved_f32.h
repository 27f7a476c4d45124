/* SPDX-License-Identifier: Apache-2.0 */
/* Float32 products of a vector with up to four rows of weights, which lie interleaved: weights[k][width].
 * Each value is loaded once for all rows, and the weights in the order in which they lie. */
#ifndef MW_INTERLEAVED_F32_H
#define MW_INTERLEAVED_F32_H

#include "mw_loaded_f32.h"

/* Two values with four rows: eight products. */
MW_INLINE void mw_interleaved_pair_f32(const float *weights, const float *values, float *sums)
{
    float left = values[0];
    float right = values[1];
    float a = weights[0];
    float b = weights[1];
    float c = weights[2];
    float d = weights[3];
    float e = weights[4];
    float f = weights[5];
    float g = weights[6];
    float h = weights[7];
    MW_LOADED_10(left, right, a, b, c, d, e, f, g, h);
    sums[0] += a * left;
    sums[1] += b * left;
    sums[2] += c * left;
    sums[3] += d * left;
    sums[0] += e * right;
    sums[1] += f * right;
    sums[2] += g * right;
    sums[3] += h * right;
}

/* The sums stay in registers meanwhile: sums[j] += sum over k of weights[4 * k + j] * values[k]. Returns the weights behind the last one. */
MW_INLINE const float *mw_interleaved_4_f32(const float *weights, const float *values, int32_t count, float *sums)
{
    float local[4];
    int32_t k;
    for (k = 0; k < 4; k++) {
        local[k] = sums[k];
    }
    MW_ROLLED
    for (k = count >> 2; k > 0; k--) {
        mw_interleaved_pair_f32(weights, values, local);
        mw_interleaved_pair_f32(weights + 8, values + 2, local);
        weights += 16;
        values += 4;
    }
    MW_ROLLED
    for (k = count & 3; k > 0; k--) {
        float value = *values++;
        float a = weights[0];
        float b = weights[1];
        float c = weights[2];
        float d = weights[3];
        MW_LOADED_5(value, a, b, c, d);
        local[0] += a * value;
        local[1] += b * value;
        local[2] += c * value;
        local[3] += d * value;
        weights += 4;
    }
    for (k = 0; k < 4; k++) {
        sums[k] = local[k];
    }
    return weights;
}

/* Two values with three rows: six products. */
MW_INLINE void mw_interleaved_pair_3_f32(const float *weights, const float *values, float *sums)
{
    float left = values[0];
    float right = values[1];
    float a = weights[0];
    float b = weights[1];
    float c = weights[2];
    float d = weights[3];
    float e = weights[4];
    float f = weights[5];
    MW_LOADED_8(left, right, a, b, c, d, e, f);
    sums[0] += a * left;
    sums[1] += b * left;
    sums[2] += c * left;
    sums[0] += d * right;
    sums[1] += e * right;
    sums[2] += f * right;
}

/* The same for three rows: weights[k][3]. */
MW_INLINE const float *mw_interleaved_3_f32(const float *weights, const float *values, int32_t count, float *sums)
{
    float local[3];
    int32_t k;
    for (k = 0; k < 3; k++) {
        local[k] = sums[k];
    }
    MW_ROLLED
    for (k = count >> 2; k > 0; k--) {
        mw_interleaved_pair_3_f32(weights, values, local);
        mw_interleaved_pair_3_f32(weights + 6, values + 2, local);
        weights += 12;
        values += 4;
    }
    MW_ROLLED
    for (k = count & 3; k > 0; k--) {
        const float value = *values++;
        local[0] += weights[0] * value;
        local[1] += weights[1] * value;
        local[2] += weights[2] * value;
        weights += 3;
    }
    for (k = 0; k < 3; k++) {
        sums[k] = local[k];
    }
    return weights;
}

/* The same for any number of rows up to four; one and two go slowly. */
MW_INLINE const float *mw_interleaved_f32(int32_t width, const float *weights, const float *values, int32_t count,
                                          float *sums)
{
    float first = sums[0];
    float second = width > 1 ? sums[1] : 0.0f;
    int32_t k;
    if (width == 4) {
        return mw_interleaved_4_f32(weights, values, count, sums);
    }
    if (width == 3) {
        return mw_interleaved_3_f32(weights, values, count, sums);
    }
    MW_ROLLED
    for (k = 0; k < count; k++) {
        first += weights[0] * values[k];
        if (width > 1) {
            second += weights[1] * values[k];
        }
        weights += width;
    }
    sums[0] = first;
    if (width > 1) {
        sums[1] = second;
    }
    return weights;
}

#endif
