/* SPDX-License-Identifier: Apache-2.0 */
/* DEPTHWISE_CONV_2D 3x3, stride 1, int8, with DSP instructions. The sizes come from a table, so that layers of any size
 * share the code.
 *
 * One channel of two output rows at a time, from left to right: a column of four inputs is loaded once and enters the
 * sums of the six outputs that it touches. blank: one row of the input, for rows outside. */
#ifndef MW_DEPTHWISE_3X3_S8_DSP_H
#define MW_DEPTHWISE_3X3_S8_DSP_H

#include "mw_depthwise_s8.h"

struct mw_depthwise_3x3_s8_dsp_params {
    int32_t pad_left; /* 0 or 1 */
    int32_t pad_right; /* 1 when the last window's last column lies outside */
    int32_t low;
    int32_t high;
    int32_t rounding;
    int32_t rectified; /* the output's zero point is its lowest value */
};

/* Distances in bytes: from the second input row of two output rows to the others, from the first to the second output
 * row (0 where there is none), and from one pixel to the next. */
struct mw_depthwise_3x3_s8_dsp_lines {
    ptrdiff_t row0;
    ptrdiff_t row2;
    ptrdiff_t row3;
    ptrdiff_t below;
    ptrdiff_t step;
};

/* Sums that lack the last column, and sums that lack the last two. */
struct mw_depthwise_3x3_s8_dsp_sums {
    int32_t ready0;
    int32_t ready1;
    int32_t begun0;
    int32_t begun1;
};

typedef struct mw_depthwise_3x3_s8_dsp_lines mw_depthwise_3x3_s8_dsp_lines;
typedef struct mw_depthwise_3x3_s8_dsp_sums mw_depthwise_3x3_s8_dsp_sums;

/* A column that completes no output yet. */
MW_INLINE void mw_depthwise_3x3_s8_dsp_enter(const mw_depthwise_s8 *taps, mw_depthwise_3x3_s8_dsp_sums *sums,
                                             const int8_t *input, const mw_depthwise_3x3_s8_dsp_lines *lines)
{
    const uint32_t even = mw_depthwise_s8_pair(input[lines->row0], input[lines->row2]);
    const uint32_t odd = mw_depthwise_s8_pair(input[0], input[lines->row3]);
    sums->ready0 = mw_depthwise_s8_second(taps, even, mw_low_half(odd), sums->begun0);
    sums->ready1 = mw_depthwise_s8_second(taps, odd, mw_high_half(even), sums->begun1);
    sums->begun0 = mw_depthwise_s8_first(taps, even, mw_low_half(odd));
    sums->begun1 = mw_depthwise_s8_first(taps, odd, mw_high_half(even));
}

#if defined(MW_DSP_ASM)

#define MW_DEPTHWISE_3X3_LOAD \
    ".p2align 2\n1:\n\tldrsb %[a], [%[p], %[o0]]\n\tldrsb %[b], [%[p]]\n\tldrsb %[c], [%[p], %[o2]]\n\t" \
    "ldrsb %[d], [%[p], %[o3]]\n\tpkhbt %[a], %[a], %[c], lsl #16\n\tpkhbt %[b], %[b], %[d], lsl #16\n\t" \
    "vmov %[c], %[w2]\n\tvmov %[d], %[m2]\n\tsmlad %[x0], %[a], %[c], %[x0]\n\tsmlad %[x1], %[b], %[c], %[x1]\n\t" \
    "smlabb %[x0], %[b], %[d], %[x0]\n\tsmlatb %[x1], %[a], %[d], %[x1]\n\tvmov %[c], %[mantissa]\n\t"
#define MW_DEPTHWISE_3X3_STORE \
    "vmov %[c], %[halving]\n\tasr %[x0], %[x0], %[c]\n\tasr %[x1], %[x1], %[c]\n\t" \
    "ssat %[x0], #8, %[x0], asr #1\n\tssat %[x1], #8, %[x1], asr #1\n\tvmov %[c], %[q1]\n\tvmov %[d], %[q0]\n\t" \
    "strb %[x1], [%[p], %[c]]\n\tstrb %[x0], [%[p], %[d]]\n\tvmov %[c], %[step]\n\tadd %[p], %[p], %[c]\n\t" \
    "vmov %[c], %[w1]\n\tvmov %[d], %[m01]\n\tsmlad %[x0], %[a], %[c], %[y0]\n\tsmlad %[x1], %[b], %[c], %[y1]\n\t" \
    "smlabt %[x0], %[b], %[d], %[x0]\n\tsmlatt %[x1], %[a], %[d], %[x1]\n\tvmov %[c], %[w0]\n\t" \
    "vmov %[y0], %[bias]\n\tvmov %[y1], %[bias]\n\tsmlad %[y0], %[a], %[c], %[y0]\n\t" \
    "smlad %[y1], %[b], %[c], %[y1]\n\tsmlabb %[y0], %[b], %[d], %[y0]\n\tsmlatb %[y1], %[a], %[d], %[y1]\n\t" \
    "vmov %[c], %[end]\n\tcmp %[p], %[c]\n\tbne 1b"
#define MW_DEPTHWISE_3X3_LOOP(round) \
    __asm__ volatile(MW_DEPTHWISE_3X3_LOAD round MW_DEPTHWISE_3X3_STORE \
                     : [x0] "+r"(x0), [x1] "+r"(x1), [y0] "+r"(y0), [y1] "+r"(y1), [p] "+r"(p), [a] "=&r"(a), \
                       [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d) \
                     : [o0] "r"(lines->row0), [o2] "r"(lines->row2), [o3] "r"(lines->row3), [step] "t"(step), \
                       [w0] "t"(w0), [w1] "t"(w1), [w2] "t"(w2), [m01] "t"(m01), [m2] "t"(m2), [bias] "t"(bias), \
                       [mantissa] "t"(mantissa), [halving] "t"(halving), [nudge] "t"(nudge), [q0] "t"(q0), \
                       [q1] "t"(q1), [end] "t"(last) \
                     : "cc", "memory")

/* The inner loop for outputs of the whole range of int8, one at least. */
MW_INLINE void mw_depthwise_3x3_s8_dsp_fast(const mw_depthwise_s8 *taps, const struct mw_output_s8 *range,
                                            const int8_t *p, const int8_t *end, int8_t *output,
                                            const mw_depthwise_3x3_s8_dsp_lines *lines,
                                            mw_depthwise_3x3_s8_dsp_sums *sums)
{
    const float w0 = mw_park(taps->outer0);
    const float w1 = mw_park(taps->outer1);
    const float w2 = mw_park(taps->outer2);
    const float m01 = mw_park(taps->middle01);
    const float m2 = mw_park((uint32_t)taps->middle2);
    const float bias = mw_park((uint32_t)taps->bias);
    const float mantissa = mw_park((uint32_t)taps->mantissa);
    const float halving = mw_park((uint32_t)taps->halving);
    const float nudge = mw_park((uint32_t)mw_shift_left(2 * range->zero_point + 1, taps->halving));
    const float q0 = mw_park((uint32_t)(output - p));
    const float q1 = mw_park((uint32_t)(output - p + lines->below));
    const float step = mw_park((uint32_t)lines->step);
    const float last = mw_park((uint32_t)(uintptr_t)end);
    int32_t x0 = sums->ready0;
    int32_t x1 = sums->ready1;
    int32_t y0 = sums->begun0;
    int32_t y1 = sums->begun1;
    uint32_t a;
    uint32_t b;
    uint32_t c;
    uint32_t d;
    if (range->rounding == MW_ROUND_SINGLE) {
        MW_DEPTHWISE_3X3_LOOP("vmov %[d], %[nudge]\n\tsmmla %[x0], %[x0], %[c], %[d]\n\t"
                              "smmla %[x1], %[x1], %[c], %[d]\n\t");
    } else if (range->rectified != 0) {
        MW_DEPTHWISE_3X3_LOOP("vmov %[d], %[nudge]\n\tsmmlar %[x0], %[x0], %[c], %[d]\n\t"
                              "smmlar %[x1], %[x1], %[c], %[d]\n\t");
    } else {
        MW_DEPTHWISE_3X3_LOOP("vmov %[d], %[nudge]\n\tadd %[d], %[d], %[x0], asr #31\n\t"
                              "smmlar %[x0], %[x0], %[c], %[d]\n\tvmov %[d], %[nudge]\n\t"
                              "add %[d], %[d], %[x1], asr #31\n\tsmmlar %[x1], %[x1], %[c], %[d]\n\t");
    }
    sums->ready0 = x0;
    sums->ready1 = x1;
    sums->begun0 = y0;
    sums->begun1 = y1;
}

#endif

/* Outputs until the column `end`. Where the second row does not exist, the first is stored over it. */
MW_INLINE void mw_depthwise_3x3_s8_dsp_run(const mw_depthwise_s8 *taps, const struct mw_output_s8 *range,
                                           const int8_t *input, const int8_t *end, int8_t *output,
                                           const mw_depthwise_3x3_s8_dsp_lines *lines,
                                           mw_depthwise_3x3_s8_dsp_sums *sums)
{
#if defined(MW_DSP_ASM)
    if (range->low == -128 && range->high == 127) {
        if (input != end) {
            mw_depthwise_3x3_s8_dsp_fast(taps, range, input, end, output, lines, sums);
        }
        return;
    }
#endif
    while (input != end) {
        const uint32_t even = mw_depthwise_s8_pair(input[lines->row0], input[lines->row2]);
        const uint32_t odd = mw_depthwise_s8_pair(input[0], input[lines->row3]);
        const int32_t sum0 = mw_depthwise_s8_last(taps, even, mw_low_half(odd), sums->ready0);
        const int32_t sum1 = mw_depthwise_s8_last(taps, odd, mw_high_half(even), sums->ready1);
        mw_depthwise_3x3_s8_dsp_enter(taps, sums, input, lines);
        output[lines->below] = mw_depthwise_s8_output(taps, range, sum1);
        output[0] = mw_depthwise_s8_output(taps, range, sum0);
        input += lines->step;
        output += lines->step;
    }
}

/* Two rows of one channel. input: its first column inside, in the second input row; count: bytes of an input row. */
MW_INLINE void mw_depthwise_3x3_s8_dsp_line(const struct mw_depthwise_3x3_s8_dsp_params *p, int32_t in_zero_point,
                                            const struct mw_output_s8 *range, const int8_t *input, int32_t count,
                                            int8_t *output, const mw_depthwise_3x3_s8_dsp_lines *lines,
                                            const int32_t *channel)
{
    const mw_depthwise_s8 taps = mw_depthwise_s8_load(channel, p->rounding);
    const uint32_t outside = mw_depthwise_s8_pair(in_zero_point, in_zero_point);
    const int8_t *const end = input + count;
    mw_depthwise_3x3_s8_dsp_sums sums;
    sums.begun0 = mw_depthwise_s8_first(&taps, outside, in_zero_point);
    sums.begun1 = sums.begun0;
    if (p->pad_left == 0) {
        mw_depthwise_3x3_s8_dsp_enter(&taps, &sums, input, lines);
        input += lines->step;
    }
    mw_depthwise_3x3_s8_dsp_enter(&taps, &sums, input, lines);
    input += lines->step;
    mw_depthwise_3x3_s8_dsp_run(&taps, range, input, end, output, lines, &sums);
    if (p->pad_right != 0) {
        const int32_t sum0 = mw_depthwise_s8_last(&taps, outside, in_zero_point, sums.ready0);
        const int32_t sum1 = mw_depthwise_s8_last(&taps, outside, in_zero_point, sums.ready1);
        output += end - input;
        output[lines->below] = mw_depthwise_s8_output(&taps, range, sum1);
        output[0] = mw_depthwise_s8_output(&taps, range, sum0);
    }
}

/* The given row of an image, or the blank one. */
MW_INLINE const int8_t *mw_depthwise_3x3_s8_dsp_row(const int8_t *image, int32_t row, int32_t height, int32_t pitch,
                                                    const int8_t *blank)
{
    return row >= 0 && row < height ? image + row * pitch : blank;
}

/* shape: batches, in_h, in_w, channels, out_h, out_w, pad_top, zero points of input and output, bytes of blank. */
MW_KERNEL void mw_depthwise_3x3_s8_dsp(const struct mw_depthwise_3x3_s8_dsp_params *p, const int8_t *input,
                                       int8_t *output, int8_t *blank, const int32_t *shape, const int32_t *channels)
{
    const struct mw_output_s8 range = {shape[8], p->low, p->high, p->rounding, p->rectified};
    const int32_t in_zero_point = shape[7];
    const int32_t in_h = shape[1];
    const int32_t step = shape[3];
    const int32_t pitch = shape[2] * step;
    const int32_t out_pitch = shape[5] * step;
    mw_depthwise_3x3_s8_dsp_lines lines;
    int32_t batch;
    mw_depthwise_s8_blank(blank, shape[9], in_zero_point);
    lines.step = step;
    for (batch = 0; batch < shape[0]; batch++) {
        int32_t row;
        for (row = 0; row < shape[4]; row += 2) {
            const int32_t top = row - shape[6];
            const int8_t *const from = input + (top + 1) * pitch;
            int32_t channel;
            lines.row0 = mw_depthwise_3x3_s8_dsp_row(input, top, in_h, pitch, blank) - from;
            lines.row2 = mw_depthwise_3x3_s8_dsp_row(input, top + 2, in_h, pitch, blank) - from;
            lines.row3 = mw_depthwise_3x3_s8_dsp_row(input, top + 3, in_h, pitch, blank) - from;
            lines.below = row + 1 < shape[4] ? out_pitch : 0;
            for (channel = 0; channel < step; channel++) {
                mw_depthwise_3x3_s8_dsp_line(p, in_zero_point, &range, from + channel, pitch, output + channel, &lines,
                                             channels + MW_DEPTHWISE_S8_WORDS * channel);
            }
            output += out_pitch + lines.below;
        }
        input += in_h * pitch;
    }
}

#endif
