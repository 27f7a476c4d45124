/* SPDX-License-Identifier: Apache-2.0 */
/* Loads of floats in groups. An FPU's load takes two cycles of which the second overlaps with a load behind it, but
 * compilers mix loads with arithmetic. */
#ifndef MW_LOADED_F32_H
#define MW_LOADED_F32_H

#include "mw_base.h"

/* All of these are in registers here: no instruction, but the loads stand before what computes with them. */
#if defined(__GNUC__) && defined(__ARM_FP) && (__ARM_FP & 4) && !defined(__aarch64__)
#define MW_LOADED_5(a, b, c, d, e) __asm__("" : "+t"(a), "+t"(b), "+t"(c), "+t"(d), "+t"(e))
#define MW_LOADED_8(a, b, c, d, e, f, g, h)                                                                            \
    __asm__("" : "+t"(a), "+t"(b), "+t"(c), "+t"(d), "+t"(e), "+t"(f), "+t"(g), "+t"(h))
#define MW_LOADED_10(a, b, c, d, e, f, g, h, i, j)                                                                     \
    __asm__("" : "+t"(a), "+t"(b), "+t"(c), "+t"(d), "+t"(e), "+t"(f), "+t"(g), "+t"(h), "+t"(i), "+t"(j))
#define MW_LOADED_6(a, b, c, d, e, f) __asm__("" : "+t"(a), "+t"(b), "+t"(c), "+t"(d), "+t"(e), "+t"(f))
#else
#define MW_LOADED_5(a, b, c, d, e) ((void)0)
#define MW_LOADED_6(a, b, c, d, e, f) ((void)0)
#define MW_LOADED_8(a, b, c, d, e, f, g, h) ((void)0)
#define MW_LOADED_10(a, b, c, d, e, f, g, h, i, j) ((void)0)
#endif

/* A loop that is long enough as it is: unrolled further it leaves the instruction cache. */
#if defined(__clang__)
#define MW_ROLLED _Pragma("clang loop unroll(disable)")
#elif defined(__GNUC__) && __GNUC__ >= 8
#define MW_ROLLED _Pragma("GCC unroll 1")
#else
#define MW_ROLLED
#endif

#endif
