/* SPDX-License-Identifier: Apache-2.0 */
/* FLOOR_DIV, float: the quotient in double precision, rounded down, then to float, as in TFLite. */
#ifndef MW_FLOOR_DIV_F32_H
#define MW_FLOOR_DIV_F32_H

#include "mw_broadcast.h"

struct mw_floor_div_f32_params {
    int32_t rows;
    int32_t count;
    int32_t extent_1;
    int32_t extent_2;
    int32_t extent_3;
    int32_t extent_4;
    int32_t first_mask;
    int32_t second_mask;
};

/* From 2^52 on every double is a whole number; infinities and NaN stay as they are. */
MW_INLINE float mw_floor_div_f32_element(float dividend, float divisor)
{
    const double quotient = (double)dividend / (double)divisor;
    double whole;
    if (!(quotient < 4503599627370496.0 && quotient > -4503599627370496.0)) {
        return (float)quotient;
    }
    whole = (double)(int64_t)quotient;
    return (float)(whole > quotient ? whole - 1.0 : whole);
}

MW_KERNEL void mw_floor_div_f32(const struct mw_floor_div_f32_params *p, const float *first, const float *second,
                                float *output)
{
    MW_FOR_EACH_PAIR(p, float, first, second, output, mw_floor_div_f32_element(*left, *right));
}

#endif
