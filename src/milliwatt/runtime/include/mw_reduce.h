/* SPDX-License-Identifier: Apache-2.0 */
/* Reductions. Neighbouring dimensions that are both kept or both reduced are one, so that the input has the shape
 * [kept_0, reduced_0, kept_1, reduced_1, kept_2, reduced_2, kept_3]: parameters that are 1 where there is none. */
#ifndef MW_REDUCE_H
#define MW_REDUCE_H

#include "mw_base.h"

/* For each output element in order, folds its input elements in the order in which they lie in memory: `total` starts
 * as `start` and becomes `combined`, an expression of total and value; then `finished` is written. */
#define MW_REDUCE(p, type, total_type, input, output, start, combined, finished) \
    do { \
        const int32_t mw_step_1 = (p)->reduced_2 * (p)->kept_3; \
        const int32_t mw_skip_1 = ((p)->kept_2 - 1) * mw_step_1; \
        const int32_t mw_step_0 = (p)->reduced_1 * (p)->kept_2 * mw_step_1; \
        const int32_t mw_outer = (p)->kept_1 * (p)->kept_2 * (p)->kept_3; \
        const int32_t mw_outputs = (p)->kept_0 * mw_outer; \
        int32_t mw_output; \
        for (mw_output = 0; mw_output < mw_outputs; mw_output++) { \
            const int32_t mw_index_2 = mw_output / (p)->kept_3; \
            const int32_t mw_index_1 = mw_index_2 / (p)->kept_2; \
            const int32_t mw_index_0 = mw_index_1 / (p)->kept_1; \
            int32_t mw_from = mw_index_0 * (p)->reduced_0 * (p)->kept_1 * mw_step_0 + \
                              mw_index_1 % (p)->kept_1 * mw_step_0 + mw_index_2 % (p)->kept_2 * mw_step_1 + \
                              mw_output % (p)->kept_3; \
            total_type total = (start); \
            int32_t mw_i; \
            int32_t mw_j; \
            int32_t mw_k; \
            for (mw_i = 0; mw_i < (p)->reduced_0; mw_i++) { \
                for (mw_j = 0; mw_j < (p)->reduced_1; mw_j++) { \
                    for (mw_k = 0; mw_k < (p)->reduced_2; mw_k++) { \
                        const type value = (input)[mw_from]; \
                        total = (combined); \
                        mw_from += (p)->kept_3; \
                    } \
                    mw_from += mw_skip_1; \
                } \
                mw_from += ((p)->kept_1 - 1) * mw_step_0; \
            } \
            *(output)++ = (finished); \
        } \
    } while (0)

#define MW_REDUCE_SUM 1
#define MW_REDUCE_MAX 2
#define MW_REDUCE_MIN 3
#define MW_REDUCE_PROD 4

#endif
