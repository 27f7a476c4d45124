/* SPDX-License-Identifier: Apache-2.0 */
/* BATCH_MATMUL, int16: products of stacks of matrices, transposed or broadcast by their strides. */
#ifndef MW_BATCH_MATMUL_S16_H
#define MW_BATCH_MATMUL_S16_H

#include "mw_requantize_wide.h"

/* The three outer dimensions have extents and strides of their own; a stride of 0 broadcasts. */
struct mw_batch_matmul_s16_params {
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
    int32_t mantissa;
    int32_t exponent;
    int32_t rounding;
};

MW_INLINE int64_t mw_batch_matmul_s16_dot(const struct mw_batch_matmul_s16_params *p, const int16_t *left,
                                          const int16_t *right)
{
    int64_t sum = 0;
    int32_t k;
    for (k = 0; k < p->depth; k++) {
        sum += (int32_t)*left * *right;
        left += p->left_step;
        right += p->right_step;
    }
    return sum;
}

MW_INLINE int16_t mw_batch_matmul_s16_finish(const struct mw_batch_matmul_s16_params *p, int64_t sum)
{
    return (int16_t)mw_clamp(mw_requantize_wide(sum, p->mantissa, p->exponent, p->rounding), -32768, 32767);
}

/* One matrix; returns the output behind it. */
MW_INLINE int16_t *mw_batch_matmul_s16_matrix(const struct mw_batch_matmul_s16_params *p, const int16_t *left,
                                              const int16_t *right, int16_t *output)
{
    int32_t row;
    int32_t column;
    for (row = 0; row < p->rows; row++) {
        for (column = 0; column < p->columns; column++) {
            const int64_t sum = mw_batch_matmul_s16_dot(p, left + row * p->left_row,
                                                        right + column * p->right_column);
            *output++ = mw_batch_matmul_s16_finish(p, sum);
        }
    }
    return output;
}

MW_KERNEL void mw_batch_matmul_s16(const struct mw_batch_matmul_s16_params *p, const int16_t *left,
                                   const int16_t *right, int16_t *output)
{
    int32_t i;
    int32_t j;
    int32_t k;
    for (i = 0; i < p->extent_0; i++) {
        for (j = 0; j < p->extent_1; j++) {
            for (k = 0; k < p->extent_2; k++) {
                const int16_t *from = left + i * p->left_0 + j * p->left_1 + k * p->left_2;
                const int16_t *other = right + i * p->right_0 + j * p->right_1 + k * p->right_2;
                output = mw_batch_matmul_s16_matrix(p, from, other, output);
            }
        }
    }
}

#endif
