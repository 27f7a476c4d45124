/* SPDX-License-Identifier: Apache-2.0 */
/* The register tile of int8 convolutions with DSP instructions: two filters by two pixels.
 *
 * Activations are pairs of 16-bit numbers, the words of the two pixels in turn. Weights are one word for two inputs
 * of two filters f and g: halfword i holds f in its upper and g in its lower byte for input i. Packed weights are the
 * number 256 f + g: SMLAD on the whole word accumulates 256 F + G, one SXTB16 gives the two g, and F = (256 F + G - G)
 * / 256 is exact as long as |F| < 2^23, which lowering proves from the weights. Otherwise f takes a SXTB16 as well. */
#ifndef MW_TILE_S8_H
#define MW_TILE_S8_H

#include "mw_dsp.h"
#include "mw_output_s8.h"

/* Accumulators: filter f (packed: 256 F + G) and filter g on both pixels. */
struct mw_tile_s8 {
    int32_t f0;
    int32_t f1;
    int32_t g0;
    int32_t g1;
};

MW_INLINE void mw_tile_s8_step(struct mw_tile_s8 *tile, int32_t packed, uint32_t weights, const uint32_t *pixels)
{
    const uint32_t g = mw_sxtb16(weights);
    const uint32_t f = packed != 0 ? weights : mw_sxtb16_odd(weights);
    tile->f0 = mw_smlad(f, pixels[0], tile->f0);
    tile->f1 = mw_smlad(f, pixels[1], tile->f1);
    tile->g0 = mw_smlad(g, pixels[0], tile->g0);
    tile->g1 = mw_smlad(g, pixels[1], tile->g1);
}

#if defined(MW_DSP_ASM)

/* Two words of weights and four of pixels: six loads in a row take seven cycles, where a compiler spreads them. */
#define MW_TILE_LOADS(w0, x0, w1, x1, x2, x3) \
    "ldr %[a], [%[w]" w0 "\n\tldr %[c], [%[x]" x0 "\n\tldr %[b], [%[w]" w1 "]\n\tldr %[d], [%[x]" x1 \
    "]\n\tldr %[e], [%[x]" x2 "]\n\tldr %[h], [%[x]" x3 "]\n\t"
#define MW_TILE_MACS(w, x0, x1) \
    "smlad %[f0], %[" w "], %[" x0 "], %[f0]\n\tsmlad %[f1], %[" w "], %[" x1 "], %[f1]\n\tsxtb16 %[" w "], %[" w \
    "]\n\tsmlad %[g0], %[" w "], %[" x0 "], %[g0]\n\tsmlad %[g1], %[" w "], %[" x1 "], %[g1]\n\t"
#define MW_TILE_STEP MW_TILE_MACS("a", "c", "d") MW_TILE_MACS("b", "e", "h")
#define MW_TILE_LOOP(steps) \
    __asm__ volatile(".p2align 2\n1:\n\t" steps "vmov %[h], %[end]\n\tcmp %[x], %[h]\n\tbne 1b" \
                     : [f0] "+r"(f0), [f1] "+r"(f1), [g0] "+r"(g0), [g1] "+r"(g1), [w] "+r"(w), [x] "+r"(pixels), \
                       [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d), [e] "=&r"(e), [h] "=&r"(h) \
                     : [end] "t"(last) \
                     : "cc", "memory")

/* The whole inner loop with packed weights, `unroll` (2, 4 or 8) words of weights a turn. */
MW_INLINE const uint32_t *mw_tile_s8_packed(struct mw_tile_s8 *tile, int32_t unroll, const uint32_t *w,
                                            const uint32_t *pixels, const uint32_t *end)
{
    int32_t f0 = tile->f0;
    int32_t f1 = tile->f1;
    int32_t g0 = tile->g0;
    int32_t g1 = tile->g1;
    uint32_t a;
    uint32_t b;
    uint32_t c;
    uint32_t d;
    uint32_t e;
    uint32_t h;
    const float last = mw_park((uint32_t)(uintptr_t)end);
    if (unroll == 8) {
        MW_TILE_LOOP(MW_TILE_LOADS("], #32", "], #64", ", #-28", ", #-60", ", #-56", ", #-52") MW_TILE_STEP
                     MW_TILE_LOADS(", #-24]", ", #-48]", ", #-20", ", #-44", ", #-40", ", #-36") MW_TILE_STEP
                     MW_TILE_LOADS(", #-16]", ", #-32]", ", #-12", ", #-28", ", #-24", ", #-20") MW_TILE_STEP
                     MW_TILE_LOADS(", #-8]", ", #-16]", ", #-4", ", #-12", ", #-8", ", #-4") MW_TILE_STEP);
    } else if (unroll == 4) {
        MW_TILE_LOOP(MW_TILE_LOADS("], #16", "], #32", ", #-12", ", #-28", ", #-24", ", #-20") MW_TILE_STEP
                     MW_TILE_LOADS(", #-8]", ", #-16]", ", #-4", ", #-12", ", #-8", ", #-4") MW_TILE_STEP);
    } else {
        MW_TILE_LOOP(MW_TILE_LOADS("], #8", "], #16", ", #-4", ", #-12", ", #-8", ", #-4") MW_TILE_STEP);
    }
    tile->f0 = f0;
    tile->f1 = f1;
    tile->g0 = g0;
    tile->g1 = g1;
    return w;
}

#endif

/* Accumulates `words` words of weights, a multiple of unroll. Returns the weights behind them. */
MW_INLINE const uint32_t *mw_tile_s8_dot(struct mw_tile_s8 *tile, int32_t packed, int32_t unroll,
                                         const uint32_t *weights, const uint32_t *pixels, int32_t words)
{
    const uint32_t *const end = pixels + 2 * words;
#if defined(MW_DSP_ASM)
    if (packed != 0) {
        return mw_tile_s8_packed(tile, unroll, weights, pixels, end);
    }
#endif
    do {
        int32_t i;
        for (i = 0; i < unroll; i++) {
            mw_tile_s8_step(tile, packed, weights[i], pixels + 2 * i);
        }
        weights += unroll;
        pixels += 2 * unroll;
    } while (pixels != end);
    return weights;
}

/* All filters on two pixels. channels: for each two filters f and g their initial accumulators, mantissas, halvings. */
MW_INLINE void mw_tile_s8_pixels(const struct mw_output_s8 *p, int32_t packed, int32_t unroll, const uint32_t *pixels,
                                 int32_t words, const uint32_t *weights, const int32_t *channels, int8_t *output0,
                                 int8_t *output1, int32_t filters, int32_t odd)
{
    const int32_t bits = packed != 0 ? 8 : 0;
    const int8_t *const stop = output0 + filters;
    while (output0 < stop) {
        struct mw_tile_s8 tile;
        tile.f0 = channels[0];
        tile.f1 = channels[0];
        tile.g0 = channels[1];
        tile.g1 = channels[1];
        weights = mw_tile_s8_dot(&tile, packed, unroll, weights, pixels, words);
        if (packed != 0) {
            tile.f0 = mw_subtract_wrapping(tile.f0, tile.g0);
            tile.f1 = mw_subtract_wrapping(tile.f1, tile.g1);
        }
        {
            /* Loaded before any output is stored: the compiler must assume that bytes alias everything. */
            const int32_t mantissa_f = channels[2];
            const int32_t mantissa_g = channels[3];
            const int32_t halving_f = channels[4];
            const int32_t halving_g = channels[5];
            output0[0] = mw_output_s8_of(p, tile.f0, bits, mantissa_f, halving_f);
            output1[0] = mw_output_s8_of(p, tile.f1, bits, mantissa_f, halving_f);
            if (odd == 0 || output0 + 1 < stop) {
                output0[1] = mw_output_s8_of(p, tile.g0, 0, mantissa_g, halving_g);
                output1[1] = mw_output_s8_of(p, tile.g1, 0, mantissa_g, halving_g);
            }
        }
        channels += 6;
        output0 += 2;
        output1 += 2;
    }
}

#endif
