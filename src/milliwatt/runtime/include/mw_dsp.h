/* SPDX-License-Identifier: Apache-2.0 */
/* The DSP instructions of Armv7E-M and later on pairs of 16-bit numbers in a word, and their meaning in plain C
 * elsewhere, so that a kernel gives the same bytes on every core. Names are those of the instructions
 * (Arm C Language Extensions, section on SIMD32). Words are loaded in little-endian order. */
#ifndef MW_DSP_H
#define MW_DSP_H

#include "mw_requantize.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "these kernels need a little-endian core"
#endif

#if defined(__ARM_FEATURE_DSP)
#  include <arm_acle.h>
#endif

/* A word at any address. */
#if defined(__GNUC__) || defined(__clang__)
struct mw_any_word {
    uint32_t bits;
} __attribute__((packed, may_alias));
#else
#error "these kernels need a compiler with GNU attributes"
#endif

MW_INLINE uint32_t mw_load_word(const void *from)
{
    return ((const struct mw_any_word *)from)->bits;
}

MW_INLINE void mw_store_word(void *to, uint32_t bits)
{
    ((struct mw_any_word *)to)->bits = bits;
}

/* The low and the high half of a word as signed numbers. */
MW_INLINE int32_t mw_low_half(uint32_t pair)
{
    return (int16_t)(uint16_t)pair;
}

MW_INLINE int32_t mw_high_half(uint32_t pair)
{
    return (int16_t)(uint16_t)(pair >> 16);
}

/* The low halves of two words. */
MW_INLINE uint32_t mw_pkhbt(uint32_t low, uint32_t high)
{
    return (low & 0xFFFFu) | (high << 16);
}

/* The high halves of two words. */
MW_INLINE uint32_t mw_pkhtb(uint32_t low, uint32_t high)
{
    return (low >> 16) | (high & 0xFFFF0000u);
}

#if defined(__ARM_FEATURE_DSP)

/* Bytes 0 and 2, with their signs, plus two 16-bit numbers. */
MW_INLINE uint32_t mw_sxtab16(uint32_t pair, uint32_t bytes)
{
    return (uint32_t)__sxtab16((int32_t)pair, (int32_t)bytes);
}

/* Bytes 1 and 3, with their signs, plus two 16-bit numbers. */
MW_INLINE uint32_t mw_sxtab16_odd(uint32_t pair, uint32_t bytes)
{
    return (uint32_t)__sxtab16((int32_t)pair, (int32_t)((bytes >> 8) | (bytes << 24)));
}

/* Bytes 0 and 2, with their signs. */
MW_INLINE uint32_t mw_sxtb16(uint32_t bytes)
{
    return (uint32_t)__sxtb16((int32_t)bytes);
}

/* Bytes 1 and 3, with their signs. */
MW_INLINE uint32_t mw_sxtb16_odd(uint32_t bytes)
{
    return (uint32_t)__sxtb16((int32_t)((bytes >> 8) | (bytes << 24)));
}

/* The sums of the halves, each modulo 2^16. */
MW_INLINE uint32_t mw_sadd16(uint32_t left, uint32_t right)
{
    return (uint32_t)__sadd16((int32_t)left, (int32_t)right);
}

/* sum + low * low + high * high, modulo 2^32. */
MW_INLINE int32_t mw_smlad(uint32_t left, uint32_t right, int32_t sum)
{
    return __smlad((int32_t)left, (int32_t)right, sum);
}

#else

MW_INLINE uint32_t mw_sxtb16(uint32_t bytes)
{
    const uint32_t low = (uint32_t)(int32_t)(int8_t)(uint8_t)bytes;
    const uint32_t high = (uint32_t)(int32_t)(int8_t)(uint8_t)(bytes >> 16);
    return mw_pkhbt(low, high);
}

MW_INLINE uint32_t mw_sxtb16_odd(uint32_t bytes)
{
    return mw_sxtb16(bytes >> 8);
}

MW_INLINE uint32_t mw_sadd16(uint32_t left, uint32_t right)
{
    return mw_pkhbt(left + right, (left >> 16) + (right >> 16));
}

MW_INLINE uint32_t mw_sxtab16(uint32_t pair, uint32_t bytes)
{
    return mw_sadd16(pair, mw_sxtb16(bytes));
}

MW_INLINE uint32_t mw_sxtab16_odd(uint32_t pair, uint32_t bytes)
{
    return mw_sxtab16(pair, bytes >> 8);
}

MW_INLINE int32_t mw_smlad(uint32_t left, uint32_t right, int32_t sum)
{
    sum = mw_mac(sum, mw_low_half(left), mw_low_half(right));
    return mw_mac(sum, mw_high_half(left), mw_high_half(right));
}

#endif

/* Inner loops whose instructions are chosen by hand. They take no more than 12 core registers, so that they compile
 * with and without a frame pointer; further constants wait in registers of the FPU, one cycle away. */
#if defined(__ARM_FEATURE_DSP) && defined(__ARM_FP) && defined(__OPTIMIZE__)
#define MW_DSP_ASM 1

MW_INLINE float mw_park(uint32_t bits)
{
    float parked;
    __asm__("vmov %0, %1" : "=t"(parked) : "r"(bits));
    return parked;
}

#endif

#endif
