/* SPDX-License-Identifier: Apache-2.0 */
/* The sum of products of two rows of int8, four at a time where the core has DSP instructions. */
#ifndef MW_DOT_S8_H
#define MW_DOT_S8_H

#include "mw_dsp.h"

/* sum + left . right. Products stay below 2^14 + 1, so that rows of less than 131072 elements cannot overflow when
 * |sum| < 2^30. */
MW_INLINE int32_t mw_dot_s8(const int8_t *left, const int8_t *right, int32_t count, int32_t sum)
{
    int32_t i = 0;
#if defined(__ARM_FEATURE_DSP)
    for (; i < count - 3; i += 4) {
        const uint32_t first = mw_load_word(left + i);
        const uint32_t second = mw_load_word(right + i);
        sum = mw_smlad(mw_sxtb16(first), mw_sxtb16(second), sum);
        sum = mw_smlad(mw_sxtb16_odd(first), mw_sxtb16_odd(second), sum);
    }
#else
    for (; i < count - 3; i += 4) {
        sum += left[i] * right[i];
        sum += left[i + 1] * right[i + 1];
        sum += left[i + 2] * right[i + 2];
        sum += left[i + 3] * right[i + 3];
    }
#endif
    for (; i < count; i++) {
        sum += left[i] * right[i];
    }
    return sum;
}

#endif
