/* SPDX-License-Identifier: Apache-2.0 */
/* What every kernel needs: fixed-width types and how functions are shared or specialised. */
#ifndef MW_BASE_H
#define MW_BASE_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__) || defined(__clang__)
#define MW_INLINE static inline __attribute__((always_inline, unused))
#define MW_NOINLINE static __attribute__((noinline, unused))
#define MW_NAKED static __attribute__((naked, noinline))
#define MW_ALIGNED(bytes) __attribute__((aligned(bytes)))
#define MW_UNUSED __attribute__((unused))
#else
#define MW_INLINE static inline
#define MW_NOINLINE static
#define MW_ALIGNED(bytes)
#endif

/* A kernel is inlined into one step for one set of constants, or shared by all steps when the
 * including file says so (optimised for flash). */
#if !defined(MW_KERNEL)
#define MW_KERNEL MW_INLINE
#endif

/* Products and sums must not be contracted: results are equal on every core, with or without FMA.
 * GCC does not contract in ISO mode (-std=c99); otherwise compile with -ffp-contract=off. */
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

#endif
