/* SPDX-License-Identifier: Apache-2.0 */
/* The product of two float32 matrices by tiles of two rows and four columns. */
#ifndef MW_PRODUCT_F32_H
#define MW_PRODUCT_F32_H

#include "mw_dots_f32.h"

/* Two rows (left_next elements apart) or, where there is no second, one row by up to four columns. */
MW_INLINE void mw_product_tile_f32(const struct mw_dots_f32 *d, const float *left, int32_t rows, int32_t left_next,
                                   const float *right, int32_t columns, float *sums)
{
    int32_t i;
    int32_t j;
    if (columns == 4 && rows == 2) {
        mw_dots_2x4_f32(d, left, left_next, right, sums);
    } else if (columns == 4) {
        mw_dots_1x4_f32(d, left, right, sums);
    } else {
        for (i = 0; i < rows; i++) {
            for (j = 0; j < columns; j++) {
                sums[4 * i + j] = mw_dot_f32(d, left + i * left_next, right + j * d->right_next, sums[4 * i + j]);
            }
        }
    }
}

/* output [rows, columns] = left times right. */
MW_INLINE void mw_product_f32(const struct mw_dots_f32 *d, const float *left, int32_t rows, int32_t left_next,
                              const float *right, int32_t columns, float *output)
{
    int32_t row;
    int32_t column;
    int32_t i;
    int32_t j;
    for (row = 0; row < rows; row += 2) {
        const int32_t high = rows - row < 2 ? 1 : 2;
        for (column = 0; column < columns; column += 4) {
            const int32_t wide = columns - column < 4 ? columns - column : 4;
            float sums[8] = {0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f};
            mw_product_tile_f32(d, left + row * left_next, high, left_next, right + column * d->right_next, wide,
                                sums);
            for (i = 0; i < high; i++) {
                for (j = 0; j < wide; j++) {
                    output[(row + i) * columns + column + j] = sums[4 * i + j];
                }
            }
        }
    }
}

#endif
