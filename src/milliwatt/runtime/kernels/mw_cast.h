/* SPDX-License-Identifier: Apache-2.0 */
/* CAST between any two element types. Integers wrap; floats are truncated and saturate, NaN to the largest value.
 * Goes forwards and reads element i before it writes element i. */
#ifndef MW_CAST_H
#define MW_CAST_H

#include "mw_base.h"

#define MW_CAST_BOOL 0
#define MW_CAST_U8 1
#define MW_CAST_S8 2
#define MW_CAST_S16 3
#define MW_CAST_S32 4
#define MW_CAST_S64 5
#define MW_CAST_F32 6

struct mw_cast_params {
    int32_t count;
    int32_t from; /* one of the above */
    int32_t to;
};

MW_INLINE int64_t mw_cast_load(const void *input, int32_t from, int32_t i)
{
    switch (from) {
    case MW_CAST_S8:
        return ((const int8_t *)input)[i];
    case MW_CAST_S16:
        return ((const int16_t *)input)[i];
    case MW_CAST_S32:
        return ((const int32_t *)input)[i];
    case MW_CAST_S64:
        return ((const int64_t *)input)[i];
    default:
        return ((const uint8_t *)input)[i];
    }
}

MW_INLINE void mw_cast_store(void *output, int32_t to, int32_t i, int64_t value)
{
    switch (to) {
    case MW_CAST_BOOL:
        ((uint8_t *)output)[i] = value != 0 ? (uint8_t)1 : (uint8_t)0;
        break;
    case MW_CAST_S16:
        ((int16_t *)output)[i] = (int16_t)value;
        break;
    case MW_CAST_S32:
        ((int32_t *)output)[i] = (int32_t)value;
        break;
    case MW_CAST_S64:
        ((int64_t *)output)[i] = value;
        break;
    case MW_CAST_F32:
        ((float *)output)[i] = (float)value;
        break;
    default:
        ((uint8_t *)output)[i] = (uint8_t)value;
        break;
    }
}

/* A float as an integer of the target's range; ``limit`` is 2^n, one above the largest integer. */
MW_INLINE int64_t mw_cast_saturate(float value, float limit, float lowest, int64_t low, int64_t high)
{
    if (value < lowest) {
        return low;
    }
    return value < limit ? (int64_t)value : high;
}

MW_INLINE int64_t mw_cast_float(float value, int32_t to)
{
    switch (to) {
    case MW_CAST_BOOL:
        return value != 0.0f ? 1 : 0;
    case MW_CAST_U8:
        return mw_cast_saturate(value, 256.0f, 0.0f, 0, 255);
    case MW_CAST_S8:
        return mw_cast_saturate(value, 128.0f, -128.0f, -128, 127);
    case MW_CAST_S16:
        return mw_cast_saturate(value, 32768.0f, -32768.0f, -32768, 32767);
    case MW_CAST_S32:
        return mw_cast_saturate(value, 2147483648.0f, -2147483648.0f, -2147483647 - 1, 2147483647);
    default:
        return mw_cast_saturate(value, 9223372036854775808.0f, -9223372036854775808.0f, INT64_MIN, INT64_MAX);
    }
}

MW_KERNEL void mw_cast(const struct mw_cast_params *p, const uint8_t *input, uint8_t *output)
{
    const void *const from = input;
    void *const to = output;
    int32_t i;
    for (i = 0; i < p->count; i++) {
        if (p->from != MW_CAST_F32) {
            mw_cast_store(to, p->to, i, mw_cast_load(from, p->from, i));
        } else if (p->to == MW_CAST_F32) {
            ((float *)to)[i] = ((const float *)from)[i];
        } else {
            mw_cast_store(to, p->to, i, mw_cast_float(((const float *)from)[i], p->to));
        }
    }
}

#endif
