/* SPDX-License-Identifier: Apache-2.0 */
/* The logistic function of float32, by the formulas of TFLite's reference kernel. */
#ifndef MW_LOGISTIC_H
#define MW_LOGISTIC_H

#include "mw_exp.h"

/* 1 / (1 + exp(-x)); exp(x) below -9, as in TFLite, which is off by up to 2^-13 of the value there. */
MW_INLINE float mw_logistic(float x)
{
    if (x > 16.619047164916992188f) {
        return 1.0f;
    }
    if (x < -9.0f) {
        return mw_exp(x);
    }
    return 1.0f / (1.0f + mw_exp(-x));
}

#endif
