/* SPDX-License-Identifier: Apache-2.0 */
/* BATCH_MATMUL, float32: products of stacks of matrices, transposed or broadcast by their strides. */
#ifndef MW_BATCH_MATMUL_F32_H
#define MW_BATCH_MATMUL_F32_H

#include "mw_base.h"

/* The three outer dimensions have extents and strides of their own; a stride of 0 broadcasts. */
struct mw_batch_matmul_f32_params {
    int32_t extent_0;
    int32_t extent_1;
    int32_t extent_2;
    int32_t left_0;
    int32_t left_1;
    int32_t left_2;
    int32_t right_0;
    int32_t right_1;
    int32_t right_2;
    int32_t rows;
    int32_t columns;
    int32_t depth;
    int32_t left_row; /* from one row of the left matrix to the next, in elements */
    int32_t left_step; /* along the depth */
    int32_t right_column;
    int32_t right_step;
};

MW_INLINE float mw_batch_matmul_f32_dot(const struct mw_batch_matmul_f32_params *p, const float *left,
                                        const float *right)
{
    float sum = 0.0f;
    int32_t k;
    for (k = 0; k < p->depth; k++) {
        sum += *left * *right;
        left += p->left_step;
        right += p->right_step;
    }
    return sum;
}

/* One matrix; returns the output behind it. */
MW_INLINE float *mw_batch_matmul_f32_matrix(const struct mw_batch_matmul_f32_params *p, const float *left,
                                            const float *right, float *output)
{
    int32_t row;
    int32_t column;
    for (row = 0; row < p->rows; row++) {
        for (column = 0; column < p->columns; column++) {
            const float sum = mw_batch_matmul_f32_dot(p, left + row * p->left_row, right + column * p->right_column);
            *output++ = sum;
        }
    }
    return output;
}

MW_KERNEL void mw_batch_matmul_f32(const struct mw_batch_matmul_f32_params *p, const float *left, const float *right,
                                   float *output)
{
    int32_t i;
    int32_t j;
    int32_t k;
    for (i = 0; i < p->extent_0; i++) {
        for (j = 0; j < p->extent_1; j++) {
            for (k = 0; k < p->extent_2; k++) {
                const float *from = left + i * p->left_0 + j * p->left_1 + k * p->left_2;
                const float *other = right + i * p->right_0 + j * p->right_1 + k * p->right_2;
                output = mw_batch_matmul_f32_matrix(p, from, other, output);
            }
        }
    }
}

#endif
