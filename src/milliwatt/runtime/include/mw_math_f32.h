/* SPDX-License-Identifier: Apache-2.0 */
/* Elementary functions of float32 without a C library. Results are the same on every core and compiler. Bounds
 * against the exact function are given in each file; they were seen over all 2^32 arguments. */
#ifndef MW_MATH_F32_H
#define MW_MATH_F32_H

#include "mw_erfc.h"
#include "mw_exp.h"
#include "mw_log.h"
#include "mw_logistic.h"
#include "mw_sqrt.h"
#include "mw_tanh.h"

#endif
