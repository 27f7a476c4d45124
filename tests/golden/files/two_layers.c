/* SPDX-License-Identifier: NONE. Generated code: see two_layers.h. Do not edit. */
#include "two_layers.h"

/* What every kernel needs: fixed-width types and how functions are shared or specialised. */

#if defined(__GNUC__) || defined(__clang__)
#define MW_INLINE static inline __attribute__((always_inline, unused))
#define MW_NOINLINE static __attribute__((noinline))
#define MW_ALIGNED(bytes) __attribute__((aligned(bytes)))
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

/* Rescaling of int32 accumulators: value * mantissa / 2^31 * 2^exponent.
 * Sources: TFLite kernels/internal/common.h; gemmlowp fixedpoint/fixedpoint.h (Jacob et al., CVPR 2018, 2.2). */

#define MW_ROUND_SINGLE 1
#define MW_ROUND_DOUBLE 2

MW_INLINE int32_t mw_clamp(int32_t value, int32_t low, int32_t high)
{
    value = value < low ? low : value;
    return value > high ? high : value;
}

/* value + offset limited to low..high; value may be anything. */
MW_INLINE int32_t mw_clamp_offset(int32_t value, int32_t offset, int32_t low, int32_t high)
{
    return mw_clamp(value, low - offset, high - offset) + offset;
}

/* Shifts left and wraps modulo 2^32, as two's complement hardware does. */
MW_INLINE int32_t mw_shift_left(int32_t value, int32_t bits)
{
    return (int32_t)((uint32_t)value << (uint32_t)bits);
}

/* Sums modulo 2^32: accumulators may wrap, as they do in two's complement hardware. */
MW_INLINE int32_t mw_add_wrapping(int32_t left, int32_t right)
{
    return (int32_t)((uint32_t)left + (uint32_t)right);
}

/* sum + left * right; the factors have at most 16 bits. */
MW_INLINE int32_t mw_mac(int32_t sum, int32_t left, int32_t right)
{
    return mw_add_wrapping(sum, left * right);
}

/* gemmlowp's SaturatingRoundingDoublingHighMul. It adds 2^30 or 1 - 2^30 by the product's sign and divides by 2^31
 * towards zero; for a negative p, ceil((p + 1 - 2^30) / 2^31) = floor((p + 2^30) / 2^31), so one floor serves both.
 * right is never INT32_MIN, so nothing saturates. */
MW_INLINE int32_t mw_doubling_high_multiply(int32_t left, int32_t right)
{
    return (int32_t)(((int64_t)left * (int64_t)right + ((int64_t)1 << 30)) >> 31);
}

/* gemmlowp's RoundingDivideByPOT: value / 2^exponent, ties away from zero. 0 <= exponent <= 31. */
MW_INLINE int32_t mw_rounding_shift_right(int32_t value, int32_t exponent)
{
    const int32_t mask = (int32_t)(((uint32_t)1 << (uint32_t)exponent) - 1u);
    const int32_t remainder = value & mask;
    const int32_t threshold = (mask >> 1) + (value < 0 ? 1 : 0);
    return (value >> exponent) + (remainder > threshold ? 1 : 0);
}

/* MultiplyByQuantizedMultiplier. mantissa is 0 or in [2^30, 2^31); -31 <= exponent <= 30. */
MW_INLINE int32_t mw_requantize(int32_t value, int32_t mantissa, int32_t exponent, int32_t rounding)
{
    if (rounding == MW_ROUND_SINGLE) {
        const int32_t shift = 31 - exponent;
        const int64_t product = (int64_t)value * (int64_t)mantissa;
        const int64_t result = (product + ((int64_t)1 << (shift - 1))) >> shift;
        if (exponent > 0 && result != (int32_t)result) {
            return result < 0 ? INT32_MIN : INT32_MAX;
        }
        return (int32_t)result;
    }
    {
        const int32_t left = exponent > 0 ? exponent : 0;
        const int32_t right = exponent > 0 ? 0 : -exponent;
        return mw_rounding_shift_right(mw_doubling_high_multiply(mw_shift_left(value, left), mantissa), right);
    }
}

/* Which taps of a sliding window lie inside the data. */

/* The first tap at or behind position 0, for a window whose tap 0 stands at `start`. */
MW_INLINE int32_t mw_first_tap(int32_t start, int32_t dilation)
{
    return start < 0 ? (dilation - 1 - start) / dilation : 0;
}

/* The first tap at or behind position `size`; at most the window, at least 0. */
MW_INLINE int32_t mw_end_tap(int32_t start, int32_t size, int32_t window, int32_t dilation)
{
    const int32_t taps = start < size ? (size - start - 1) / dilation + 1 : 0;
    return taps < window ? taps : window;
}

/* A position moved into 0..size. */
MW_INLINE int32_t mw_inside(int32_t position, int32_t size)
{
    position = position < 0 ? 0 : position;
    return position < size ? position : size;
}

/* CONV_2D, int8: the portable form, no scratch.
 * input NHWC, weights OHWI, output NHWC, any geometry, grouped. */

struct mw_conv_2d_s8_params {
    int32_t batches;
    int32_t in_h;
    int32_t in_w;
    int32_t in_c;
    int32_t out_h;
    int32_t out_w;
    int32_t out_c;
    int32_t kernel_h;
    int32_t kernel_w;
    int32_t group_c; /* input channels per group */
    int32_t stride_h;
    int32_t stride_w;
    int32_t dilation_h;
    int32_t dilation_w;
    int32_t pad_top;
    int32_t pad_left;
    int32_t input_offset; /* minus the input's zero point */
    int32_t output_offset;
    int32_t low;
    int32_t high;
    int32_t rounding;
};

/* The sum over the part of one window that lies inside, for one output channel. */
MW_INLINE int32_t mw_conv_2d_s8_window(const struct mw_conv_2d_s8_params *p, const int8_t *image,
                                       const int8_t *weights, int32_t top, int32_t left)
{
    const int32_t first = mw_first_tap(left, p->dilation_w);
    const int32_t end = mw_end_tap(left, p->in_w, p->kernel_w, p->dilation_w);
    const int32_t bottom = mw_end_tap(top, p->in_h, p->kernel_h, p->dilation_h);
    int32_t sum = 0;
    int32_t i;
    int32_t j;
    int32_t k;
    for (i = mw_first_tap(top, p->dilation_h); i < bottom; i++) {
        for (j = first; j < end; j++) {
            const int8_t *pixel =
                image + ((top + i * p->dilation_h) * p->in_w + left + j * p->dilation_w) * p->in_c;
            const int8_t *filter = weights + (i * p->kernel_w + j) * p->group_c;
            for (k = 0; k < p->group_c; k++) {
                sum = mw_mac(sum, pixel[k] + p->input_offset, filter[k]);
            }
        }
    }
    return sum;
}

/* The bias, the rescaling and the activation of one output. */
MW_INLINE int8_t mw_conv_2d_s8_finish(const struct mw_conv_2d_s8_params *p, int32_t sum, int32_t bias,
                                      int32_t mantissa, int32_t exponent)
{
    const int32_t scaled = mw_requantize(mw_add_wrapping(sum, bias), mantissa, exponent, p->rounding);
    return (int8_t)mw_clamp_offset(scaled, p->output_offset, p->low, p->high);
}

MW_KERNEL void mw_conv_2d_s8(const struct mw_conv_2d_s8_params *p, const int8_t *input, int8_t *output,
                             const int8_t *weights, const int32_t *bias, const int32_t *mantissa,
                             const int8_t *exponent)
{
    const int32_t outputs_per_group = p->out_c / (p->in_c / p->group_c);
    const int32_t window = p->kernel_h * p->kernel_w * p->group_c;
    int32_t batch;
    int32_t row;
    int32_t column;
    int32_t channel;
    for (batch = 0; batch < p->batches; batch++) {
        for (row = 0; row < p->out_h; row++) {
            const int32_t top = row * p->stride_h - p->pad_top;
            for (column = 0; column < p->out_w; column++) {
                const int32_t left = column * p->stride_w - p->pad_left;
                for (channel = 0; channel < p->out_c; channel++) {
                    const int32_t first = channel / outputs_per_group * p->group_c;
                    const int32_t sum = mw_conv_2d_s8_window(p, input + first, weights + channel * window, top, left);
                    *output++ = mw_conv_2d_s8_finish(p, sum, bias[channel], mantissa[channel], exponent[channel]);
                }
            }
        }
        input += p->in_h * p->in_w * p->in_c;
    }
}

/* FULLY_CONNECTED, int8: the portable form, no scratch.
 * input [rows, depth], weights [units, depth], output [rows, units]. */

struct mw_fully_connected_s8_params {
    int32_t rows;
    int32_t depth;
    int32_t units;
    int32_t filter_offset; /* minus the filter's zero point */
    int32_t input_offset; /* minus the input's zero point */
    int32_t output_offset;
    int32_t low;
    int32_t high;
    int32_t rounding;
};

/* The bias, the rescaling and the activation of one output. */
MW_INLINE int8_t mw_fully_connected_s8_finish(const struct mw_fully_connected_s8_params *p, int32_t sum,
                                              int32_t bias, int32_t mantissa, int32_t exponent)
{
    const int32_t scaled = mw_requantize(mw_add_wrapping(sum, bias), mantissa, exponent, p->rounding);
    return (int8_t)mw_clamp_offset(scaled, p->output_offset, p->low, p->high);
}

MW_KERNEL void mw_fully_connected_s8(const struct mw_fully_connected_s8_params *p, const int8_t *input,
                                     int8_t *output, const int8_t *weights, const int32_t *bias,
                                     const int32_t *mantissa, const int8_t *exponent)
{
    const int8_t *const filter = weights;
    int32_t row;
    int32_t unit;
    int32_t k;
    for (row = 0; row < p->rows; row++) {
        weights = filter;
        for (unit = 0; unit < p->units; unit++) {
            int32_t sum = 0;
            for (k = 0; k < p->depth; k++) {
                sum = mw_mac(sum, input[k] + p->input_offset, weights[k] + p->filter_offset);
            }
            weights += p->depth;
            *output++ = mw_fully_connected_s8_finish(p, sum, bias[unit], mantissa[unit], exponent[unit]);
        }
        input += p->depth;
    }
}

static const struct mw_conv_2d_s8_params two_layers_conv_2d_s8_0_params = {
    1, /* batches */
    4, /* in_h */
    4, /* in_w */
    2, /* in_c */
    3, /* out_h */
    3, /* out_w */
    3, /* out_c */
    2, /* kernel_h */
    2, /* kernel_w */
    2, /* group_c */
    1, /* stride_h */
    1, /* stride_w */
    1, /* dilation_h */
    1, /* dilation_w */
    0, /* pad_top */
    0, /* pad_left */
    4, /* input_offset */
    -4, /* output_offset */
    -128, /* low */
    127, /* high */
    2, /* rounding */
};

MW_NOINLINE void two_layers_conv_2d_s8_0(const int8_t *input, int8_t *output, const int8_t *weights, const int32_t *bias, const int32_t *mantissa, const int8_t *exponent)
{
    mw_conv_2d_s8(&two_layers_conv_2d_s8_0_params, input, output, weights, bias, mantissa, exponent);
}

static const int8_t two_layers_0_input1[24] MW_ALIGNED(4) = {
    -7, 3, 65, 115, -119, -91, 82, 114, -64, -48, 94, -20, -58, 84, -62, -23, 37, 13, -106, -120, 93, 65, 86, 10
};

static const int32_t two_layers_0_bias[3] MW_ALIGNED(4) = {
    0, 0, 0
};

static const int32_t two_layers_0_mantissa[3] MW_ALIGNED(4) = {
    1781656704, 1894498688, 1769859072
};

static const int8_t two_layers_0_exponent[3] MW_ALIGNED(4) = {
    -5, -8, -7
};

static const struct mw_fully_connected_s8_params two_layers_fully_connected_s8_0_params = {
    9, /* rows */
    3, /* depth */
    2, /* units */
    0, /* filter_offset */
    4, /* input_offset */
    -4, /* output_offset */
    -128, /* low */
    127, /* high */
    1, /* rounding */
};

MW_NOINLINE void two_layers_fully_connected_s8_0(const int8_t *input, int8_t *output, const int8_t *weights, const int32_t *bias, const int32_t *mantissa, const int8_t *exponent)
{
    mw_fully_connected_s8(&two_layers_fully_connected_s8_0_params, input, output, weights, bias, mantissa, exponent);
}

static const int8_t two_layers_1_input1[6] MW_ALIGNED(4) = {
    122, -93, -30, -25, 103, -76
};

static const int32_t two_layers_1_bias[2] MW_ALIGNED(4) = {
    0, 0
};

static const int32_t two_layers_1_mantissa[2] MW_ALIGNED(4) = {
    1520804992, 1520804992
};

static const int8_t two_layers_1_exponent[2] MW_ALIGNED(4) = {
    -5, -5
};

int32_t two_layers_run(void *arena)
{
    uint8_t *const base = (uint8_t *)arena;
    if (arena == NULL) {
        return TWO_LAYERS_ERROR_NULL;
    }
    if (((uintptr_t)arena & 7u) != 0u) {
        return TWO_LAYERS_ERROR_ALIGNMENT;
    }
    /* 1/2 CONV_2D: reads [8, 40), writes [0, 27)
     * node 0: CONV_2D */
    two_layers_conv_2d_s8_0((const int8_t *)(void *)(base + 8), (int8_t *)(void *)(base + 0), two_layers_0_input1, two_layers_0_bias, two_layers_0_mantissa, two_layers_0_exponent);
    /* 2/2 FULLY_CONNECTED: reads [0, 27), writes [28, 46)
     * node 1: FULLY_CONNECTED */
    two_layers_fully_connected_s8_0((const int8_t *)(void *)(base + 0), (int8_t *)(void *)(base + 28), two_layers_1_input1, two_layers_1_bias, two_layers_1_mantissa, two_layers_1_exponent);
    return TWO_LAYERS_OK;
}
