/* SPDX-License-Identifier: Apache-2.0 */
/* The register tile of int8 fully connected layers with DSP instructions: four filters by one row of inputs.
 *
 * Inputs are read as bytes, four at a time, and weights as in mw_tile_s8.h: for each four inputs, two words of inputs
 * 0 and 2, of the first and of the second two filters, then two of inputs 1 and 3. */
#ifndef MW_LINE_S8_H
#define MW_LINE_S8_H

#include "mw_dsp.h"

/* Accumulators of filters 0 to 3; packed, those of even index hold 256 F + G. */
struct mw_line_s8 {
    int32_t sum0;
    int32_t sum1;
    int32_t sum2;
    int32_t sum3;
};

MW_INLINE void mw_line_s8_step(struct mw_line_s8 *line, int32_t packed, const uint32_t *weights, uint32_t inputs)
{
    line->sum0 = mw_smlad(packed != 0 ? weights[0] : mw_sxtb16_odd(weights[0]), inputs, line->sum0);
    line->sum1 = mw_smlad(mw_sxtb16(weights[0]), inputs, line->sum1);
    line->sum2 = mw_smlad(packed != 0 ? weights[1] : mw_sxtb16_odd(weights[1]), inputs, line->sum2);
    line->sum3 = mw_smlad(mw_sxtb16(weights[1]), inputs, line->sum3);
}

#if defined(MW_DSP_ASM)

#define MW_LINE_MACS(w, x, f, g) \
    "smlad %[" f "], %[" w "], %[" x "], %[" f "]\n\tsxtb16 %[" w "], %[" w "]\n\tsmlad %[" g "], %[" w "], %[" x \
    "], %[" g "]\n\t"
#define MW_LINE_FOUR(w0, x, w1, w2, w3) \
    "ldr %[a], [%[w]" w0 "\n\tldr %[e], [%[x]" x "\n\tldr %[b], [%[w]" w1 "]\n\tldr %[c], [%[w]" w2 \
    "]\n\tldr %[d], [%[w]" w3 "]\n\tsxtb16 %[h], %[e]\n\tsxtb16 %[e], %[e], ror #8\n\t" \
    MW_LINE_MACS("a", "h", "s0", "s1") MW_LINE_MACS("b", "h", "s2", "s3") \
    MW_LINE_MACS("c", "e", "s0", "s1") MW_LINE_MACS("d", "e", "s2", "s3")
#define MW_LINE_LOOP(steps) \
    __asm__ volatile(".p2align 2\n1:\n\t" steps "vmov %[h], %[end]\n\tcmp %[x], %[h]\n\tbne 1b" \
                     : [s0] "+r"(s0), [s1] "+r"(s1), [s2] "+r"(s2), [s3] "+r"(s3), [w] "+r"(w), [x] "+r"(x), \
                       [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d), [e] "=&r"(e), [h] "=&r"(h) \
                     : [end] "t"(last) \
                     : "cc", "memory")

/* The whole inner loop with packed weights, `unroll` (1, 2 or 4) times four inputs a turn. */
MW_INLINE const uint32_t *mw_line_s8_packed(struct mw_line_s8 *line, int32_t unroll, const uint32_t *w,
                                            const int8_t *x, const int8_t *end)
{
    int32_t s0 = line->sum0;
    int32_t s1 = line->sum1;
    int32_t s2 = line->sum2;
    int32_t s3 = line->sum3;
    uint32_t a;
    uint32_t b;
    uint32_t c;
    uint32_t d;
    uint32_t e;
    uint32_t h;
    const float last = mw_park((uint32_t)(uintptr_t)end);
    if (unroll == 4) {
        MW_LINE_LOOP(MW_LINE_FOUR("], #64", "], #16", ", #-60", ", #-56", ", #-52")
                     MW_LINE_FOUR(", #-48]", ", #-12]", ", #-44", ", #-40", ", #-36")
                     MW_LINE_FOUR(", #-32]", ", #-8]", ", #-28", ", #-24", ", #-20")
                     MW_LINE_FOUR(", #-16]", ", #-4]", ", #-12", ", #-8", ", #-4"));
    } else if (unroll == 2) {
        MW_LINE_LOOP(MW_LINE_FOUR("], #32", "], #8", ", #-28", ", #-24", ", #-20")
                     MW_LINE_FOUR(", #-16]", ", #-4]", ", #-12", ", #-8", ", #-4"));
    } else {
        MW_LINE_LOOP(MW_LINE_FOUR("], #16", "], #4", ", #-12", ", #-8", ", #-4"));
    }
    line->sum0 = s0;
    line->sum1 = s1;
    line->sum2 = s2;
    line->sum3 = s3;
    return w;
}

#endif

/* Accumulates `depth` inputs, a multiple of 4 * unroll. Returns the weights behind them. */
MW_INLINE const uint32_t *mw_line_s8_dot(struct mw_line_s8 *line, int32_t packed, int32_t unroll,
                                         const uint32_t *weights, const int8_t *inputs, int32_t depth)
{
    const int8_t *const end = inputs + depth;
#if defined(MW_DSP_ASM)
    if (packed != 0) {
        return mw_line_s8_packed(line, unroll, weights, inputs, end);
    }
#endif
    (void)unroll;
    do {
        const uint32_t bytes = mw_load_word(inputs);
        mw_line_s8_step(line, packed, weights, mw_sxtb16(bytes));
        mw_line_s8_step(line, packed, weights + 2, mw_sxtb16_odd(bytes));
        inputs += 4;
        weights += 4;
    } while (inputs != end);
    return weights;
}

#endif
