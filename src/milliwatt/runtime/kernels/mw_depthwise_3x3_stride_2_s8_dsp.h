/* SPDX-License-Identifier: Apache-2.0 */
/* DEPTHWISE_CONV_2D 3x3, horizontal stride 2, int8, with DSP instructions. The sizes come from a table, so that layers
 * of any size share the code.
 *
 * One channel of one output row at a time, from left to right: the last column of a window is the first of the next.
 * blank: one row of the input, for rows outside. */
#ifndef MW_DEPTHWISE_3X3_STRIDE_2_S8_DSP_H
#define MW_DEPTHWISE_3X3_STRIDE_2_S8_DSP_H

#include "mw_depthwise_s8.h"

struct mw_depthwise_3x3_stride_2_s8_dsp_params {
    int32_t pad_left; /* 0 or 1 */
    int32_t pad_right; /* 1 when the last window's last column lies outside */
    int32_t low;
    int32_t high;
    int32_t rounding;
    int32_t rectified; /* the output's zero point is its lowest value */
};

/* Distances in bytes: from the second input row to the others, and from one pixel to the next. */
struct mw_depthwise_3x3_stride_2_s8_dsp_lines {
    ptrdiff_t row0;
    ptrdiff_t row2;
    ptrdiff_t step;
};

typedef struct mw_depthwise_3x3_stride_2_s8_dsp_lines mw_depthwise_3x3_stride_2_s8_dsp_lines;

MW_INLINE uint32_t mw_depthwise_3x3_stride_2_s8_dsp_outer(const int8_t *input,
                                                          const mw_depthwise_3x3_stride_2_s8_dsp_lines *lines)
{
    return mw_depthwise_s8_pair(input[lines->row0], input[lines->row2]);
}

#if defined(MW_DSP_ASM)

#define MW_DEPTHWISE_3X3_STRIDE_2_LOAD \
    ".p2align 2\n1:\n\tldrsb %[a], [%[p], %[o0]]\n\tldrsb %[b], [%[p]]\n\tldrsb %[c], [%[p], %[o2]]\n\t" \
    "add %[p], %[p], %[step]\n\tpkhbt %[a], %[a], %[c], lsl #16\n\tldrsb %[d], [%[p], %[o0]]\n\t" \
    "ldrsb %[e], [%[p]]\n\tldrsb %[f], [%[p], %[o2]]\n\tadd %[p], %[p], %[step]\n\t" \
    "pkhbt %[d], %[d], %[f], lsl #16\n\tvmov %[c], %[w1]\n\tvmov %[f], %[m01]\n\tsmlad %[x], %[a], %[c], %[x]\n\t" \
    "smlabt %[x], %[b], %[f], %[x]\n\tvmov %[c], %[w2]\n\tvmov %[a], %[m2]\n\tsmlad %[x], %[d], %[c], %[x]\n\t" \
    "smlabb %[x], %[e], %[a], %[x]\n\tvmov %[c], %[mantissa]\n\tvmov %[a], %[nudge]\n\t"
#define MW_DEPTHWISE_3X3_STRIDE_2_STORE \
    "vmov %[c], %[halving]\n\tasr %[x], %[x], %[c]\n\tssat %[x], #8, %[x], asr #1\n\tstrb %[x], [%[q]]\n\t" \
    "add %[q], %[q], %[step]\n\tvmov %[x], %[bias]\n\tvmov %[c], %[w0]\n\tsmlad %[x], %[d], %[c], %[x]\n\t" \
    "smlabb %[x], %[e], %[f], %[x]\n\tvmov %[c], %[end]\n\tcmp %[q], %[c]\n\tbne 1b"
#define MW_DEPTHWISE_3X3_STRIDE_2_LOOP(round) \
    __asm__ volatile(MW_DEPTHWISE_3X3_STRIDE_2_LOAD round MW_DEPTHWISE_3X3_STRIDE_2_STORE \
                     : [x] "+r"(x), [p] "+r"(p), [q] "+r"(q), [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c), \
                       [d] "=&r"(d), [e] "=&r"(e), [f] "=&r"(f) \
                     : [o0] "r"(lines->row0), [o2] "r"(lines->row2), [step] "r"(lines->step), [w0] "t"(w0), \
                       [w1] "t"(w1), [w2] "t"(w2), [m01] "t"(m01), [m2] "t"(m2), [bias] "t"(bias), \
                       [mantissa] "t"(mantissa), [halving] "t"(halving), [nudge] "t"(nudge), [end] "t"(last) \
                     : "cc", "memory")

/* The inner loop for outputs of the whole range of int8, one at least. */
MW_INLINE int32_t mw_depthwise_3x3_stride_2_s8_dsp_fast(const mw_depthwise_s8 *taps, const struct mw_output_s8 *range,
                                                        const int8_t *p, int8_t *q, const int8_t *end,
                                                        const mw_depthwise_3x3_stride_2_s8_dsp_lines *lines, int32_t x)
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
    const float last = mw_park((uint32_t)(uintptr_t)end);
    uint32_t a;
    uint32_t b;
    uint32_t c;
    uint32_t d;
    uint32_t e;
    uint32_t f;
    if (range->rounding == MW_ROUND_SINGLE) {
        MW_DEPTHWISE_3X3_STRIDE_2_LOOP("smmla %[x], %[x], %[c], %[a]\n\t");
    } else if (range->rectified != 0) {
        MW_DEPTHWISE_3X3_STRIDE_2_LOOP("smmlar %[x], %[x], %[c], %[a]\n\t");
    } else {
        MW_DEPTHWISE_3X3_STRIDE_2_LOOP("add %[a], %[a], %[x], asr #31\n\tsmmlar %[x], %[x], %[c], %[a]\n\t");
    }
    return x;
}

#endif

/* Outputs until `end`, all of whose windows end inside. Returns the sum that the next window begins with. */
MW_INLINE int32_t mw_depthwise_3x3_stride_2_s8_dsp_run(const mw_depthwise_s8 *taps, const struct mw_output_s8 *range,
                                                       const int8_t *input, int8_t *output, const int8_t *end,
                                                       const mw_depthwise_3x3_stride_2_s8_dsp_lines *lines,
                                                       int32_t sum)
{
#if defined(MW_DSP_ASM)
    if (range->low == -128 && range->high == 127) {
        return output != end ? mw_depthwise_3x3_stride_2_s8_dsp_fast(taps, range, input, output, end, lines, sum) : sum;
    }
#endif
    while (output != end) {
        uint32_t outer = mw_depthwise_3x3_stride_2_s8_dsp_outer(input, lines);
        int32_t middle = *input;
        sum = mw_depthwise_s8_second(taps, outer, middle, sum);
        input += lines->step;
        outer = mw_depthwise_3x3_stride_2_s8_dsp_outer(input, lines);
        middle = *input;
        input += lines->step;
        sum = mw_depthwise_s8_last(taps, outer, middle, sum);
        *output = mw_depthwise_s8_output(taps, range, sum);
        sum = mw_depthwise_s8_first(taps, outer, middle);
        output += lines->step;
    }
    return sum;
}

/* One row of one channel. input: its first column inside, in the second input row; count: bytes of an output row. */
MW_INLINE void mw_depthwise_3x3_stride_2_s8_dsp_line(const struct mw_depthwise_3x3_stride_2_s8_dsp_params *p,
                                                     int32_t in_zero_point, const struct mw_output_s8 *range,
                                                     const int8_t *input, int8_t *output, int32_t count,
                                                     const mw_depthwise_3x3_stride_2_s8_dsp_lines *lines,
                                                     const int32_t *channel)
{
    const mw_depthwise_s8 taps = mw_depthwise_s8_load(channel, p->rounding);
    const uint32_t outside = mw_depthwise_s8_pair(in_zero_point, in_zero_point);
    int8_t *const end = output + count - (p->pad_right != 0 ? lines->step : 0);
    int32_t sum;
    if (p->pad_left != 0) {
        sum = mw_depthwise_s8_first(&taps, outside, in_zero_point);
    } else {
        sum = mw_depthwise_s8_first(&taps, mw_depthwise_3x3_stride_2_s8_dsp_outer(input, lines), *input);
        input += lines->step;
    }
    sum = mw_depthwise_3x3_stride_2_s8_dsp_run(&taps, range, input, output, end, lines, sum);
    if (p->pad_right != 0) {
        input += 2 * (end - output);
        sum = mw_depthwise_s8_second(&taps, mw_depthwise_3x3_stride_2_s8_dsp_outer(input, lines), *input, sum);
        *end = mw_depthwise_s8_output(&taps, range, mw_depthwise_s8_last(&taps, outside, in_zero_point, sum));
    }
}

/* shape: batches, in_h, in_w, channels, out_h, out_w, pad_top, zero points of input and output, bytes of blank, and the
 * vertical stride. */
MW_KERNEL void mw_depthwise_3x3_stride_2_s8_dsp(const struct mw_depthwise_3x3_stride_2_s8_dsp_params *p,
                                                const int8_t *input, int8_t *output, int8_t *blank,
                                                const int32_t *shape, const int32_t *channels)
{
    const struct mw_output_s8 range = {shape[8], p->low, p->high, p->rounding, p->rectified};
    const int32_t in_zero_point = shape[7];
    const int32_t in_h = shape[1];
    const int32_t step = shape[3];
    const int32_t pitch = shape[2] * step;
    const int32_t out_pitch = shape[5] * step;
    mw_depthwise_3x3_stride_2_s8_dsp_lines lines;
    int32_t batch;
    mw_depthwise_s8_blank(blank, shape[9], in_zero_point);
    lines.step = step;
    for (batch = 0; batch < shape[0]; batch++) {
        int32_t top = -shape[6];
        int32_t row;
        for (row = 0; row < shape[4]; row++) {
            const int8_t *const from = input + (top + 1) * pitch;
            int32_t channel;
            lines.row0 = (top >= 0 ? from - pitch : blank) - from;
            lines.row2 = (top + 2 < in_h ? from + pitch : blank) - from;
            for (channel = 0; channel < step; channel++) {
                mw_depthwise_3x3_stride_2_s8_dsp_line(p, in_zero_point, &range, from + channel, output + channel,
                                                      out_pitch, &lines, channels + MW_DEPTHWISE_S8_WORDS * channel);
            }
            output += out_pitch;
            top += shape[10];
        }
        input += in_h * pitch;
    }
}

#endif
