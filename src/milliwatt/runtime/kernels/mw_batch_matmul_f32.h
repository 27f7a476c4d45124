/* SPDX-License-Identifier: Apache-2.0 */
/* BATCH_MATMUL, float32: products of stacks of matrices, transposed or broadcast by their strides. */
#ifndef MW_BATCH_MATMUL_F32_H
#define MW_BATCH_MATMUL_F32_H

#include "mw_product_f32.h"

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

MW_KERNEL void mw_batch_matmul_f32(const struct mw_batch_matmul_f32_params *p, const float *left, const float *right,
                                   float *output)
{
    const struct mw_dots_f32 dots = {p->depth, p->left_step, p->right_column, p->right_step};
    int32_t i;
    int32_t j;
    int32_t k;
    for (i = 0; i < p->extent_0; i++) {
        for (j = 0; j < p->extent_1; j++) {
            for (k = 0; k < p->extent_2; k++) {
                const float *from = left + i * p->left_0 + j * p->left_1 + k * p->left_2;
                const float *other = right + i * p->right_0 + j * p->right_1 + k * p->right_2;
                mw_product_f32(&dots, from, p->rows, p->left_row, other, p->columns, output);
                output += p->rows * p->columns;
            }
        }
    }
}

#endif
