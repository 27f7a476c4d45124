/* SPDX-License-Identifier: Apache-2.0 */
/* Float32 scalar products of one or two vectors with four others at once, so that each element is loaded once for
 * several products. Every sum is taken in the order of the elements, so the tiling changes no result. */
#ifndef MW_DOTS_F32_H
#define MW_DOTS_F32_H

#include "mw_loaded_f32.h"

/* Vectors on the right: elements from one vector to the next, and along a vector. */
struct mw_dots_f32 {
    int32_t count;
    int32_t left_step;
    int32_t right_next;
    int32_t right_step;
};

/* sum + the product of one vector with one. */
MW_INLINE float mw_dot_f32(const struct mw_dots_f32 *d, const float *left, const float *right, float sum)
{
    int32_t k;
    for (k = 0; k < d->count; k++) {
        sum += *left * *right;
        left += d->left_step;
        right += d->right_step;
    }
    return sum;
}

/* Two elements of a vector with those of four: eight products. */
MW_INLINE void mw_dots_pair_f32(const struct mw_dots_f32 *d, const float *left, const float *right, float *sums)
{
    const int32_t next = d->right_next;
    const float *const behind = right + d->right_step;
    float x = left[0];
    float y = left[d->left_step];
    float a = right[0];
    float b = right[next];
    float c = right[2 * next];
    float e = right[3 * next];
    float f = behind[0];
    float g = behind[next];
    float h = behind[2 * next];
    float i = behind[3 * next];
    MW_LOADED_10(x, y, a, b, c, e, f, g, h, i);
    sums[0] += x * a;
    sums[1] += x * b;
    sums[2] += x * c;
    sums[3] += x * e;
    sums[0] += y * f;
    sums[1] += y * g;
    sums[2] += y * h;
    sums[3] += y * i;
}

/* sums[j] += the product of the vector with vector j on the right. */
MW_INLINE void mw_dots_1x4_f32(const struct mw_dots_f32 *d, const float *left, const float *right, float *sums)
{
    const int32_t next = d->right_next;
    float local[4];
    int32_t k;
    for (k = 0; k < 4; k++) {
        local[k] = sums[k];
    }
    MW_ROLLED
    for (k = d->count >> 2; k > 0; k--) {
        mw_dots_pair_f32(d, left, right, local);
        mw_dots_pair_f32(d, left + 2 * d->left_step, right + 2 * d->right_step, local);
        left += 4 * d->left_step;
        right += 4 * d->right_step;
    }
    MW_ROLLED
    for (k = d->count & 3; k > 0; k--) {
        local[0] += *left * right[0];
        local[1] += *left * right[next];
        local[2] += *left * right[2 * next];
        local[3] += *left * right[3 * next];
        left += d->left_step;
        right += d->right_step;
    }
    for (k = 0; k < 4; k++) {
        sums[k] = local[k];
    }
}

/* One element of each vector: eight products. */
MW_INLINE void mw_dots_step_f32(float x, float y, const float *right, int32_t next, float *sums)
{
    float a = right[0];
    float b = right[next];
    float c = right[2 * next];
    float e = right[3 * next];
    MW_LOADED_6(x, y, a, b, c, e);
    sums[0] += x * a;
    sums[4] += y * a;
    sums[1] += x * b;
    sums[5] += y * b;
    sums[2] += x * c;
    sums[6] += y * c;
    sums[3] += x * e;
    sums[7] += y * e;
}

/* The same of two vectors: sums[j] of the first, sums[4 + j] of the second, which lies left_next elements on. */
MW_INLINE void mw_dots_2x4_f32(const struct mw_dots_f32 *d, const float *left, int32_t left_next, const float *right,
                               float *sums)
{
    float local[8];
    int32_t k;
    for (k = 0; k < 8; k++) {
        local[k] = sums[k];
    }
    MW_ROLLED
    for (k = d->count >> 1; k > 0; k--) {
        mw_dots_step_f32(left[0], left[left_next], right, d->right_next, local);
        left += d->left_step;
        right += d->right_step;
        mw_dots_step_f32(left[0], left[left_next], right, d->right_next, local);
        left += d->left_step;
        right += d->right_step;
    }
    if ((d->count & 1) != 0) {
        mw_dots_step_f32(left[0], left[left_next], right, d->right_next, local);
    }
    for (k = 0; k < 8; k++) {
        sums[k] = local[k];
    }
}

#endif
