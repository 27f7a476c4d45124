/* SPDX-License-Identifier: Apache-2.0 */
/* BATCH_MATMUL, int8 to int32 without rescaling: stacks of matrices, transposed or broadcast by strides. */
#ifndef MW_BATCH_MATMUL_S8_S32_H
#define MW_BATCH_MATMUL_S8_S32_H

#include "mw_requantize.h"

/* The three outer dimensions have extents and strides of their own; a stride of 0 broadcasts. */
struct mw_batch_matmul_s8_s32_params {
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

MW_INLINE int32_t mw_batch_matmul_s8_s32_dot(const struct mw_batch_matmul_s8_s32_params *p, const int8_t *left,
                                             const int8_t *right)
{
    int32_t sum = 0;
    int32_t k;
    for (k = 0; k < p->depth; k++) {
        sum = mw_mac(sum, *left, *right);
        left += p->left_step;
        right += p->right_step;
    }
    return sum;
}

/* One matrix; returns the output behind it. */
MW_INLINE int32_t *mw_batch_matmul_s8_s32_matrix(const struct mw_batch_matmul_s8_s32_params *p, const int8_t *left,
                                                 const int8_t *right, int32_t *output)
{
    int32_t row;
    int32_t column;
    for (row = 0; row < p->rows; row++) {
        for (column = 0; column < p->columns; column++) {
            const int32_t sum = mw_batch_matmul_s8_s32_dot(p, left + row * p->left_row,
                                                           right + column * p->right_column);
            *output++ = sum;
        }
    }
    return output;
}

MW_KERNEL void mw_batch_matmul_s8_s32(const struct mw_batch_matmul_s8_s32_params *p, const int8_t *left,
                                      const int8_t *right, int32_t *output)
{
    int32_t i;
    int32_t j;
    int32_t k;
    for (i = 0; i < p->extent_0; i++) {
        for (j = 0; j < p->extent_1; j++) {
            for (k = 0; k < p->extent_2; k++) {
                const int8_t *from = left + i * p->left_0 + j * p->left_1 + k * p->left_2;
                const int8_t *other = right + i * p->right_0 + j * p->right_1 + k * p->right_2;
                output = mw_batch_matmul_s8_s32_matrix(p, from, other, output);
            }
        }
    }
}

#endif
