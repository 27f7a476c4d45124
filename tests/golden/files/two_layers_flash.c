/* SPDX-License-Identifier: NONE. Generated code: see two_layers_flash.h. Do not edit. */
#include "two_layers_flash.h"

#define MW_KERNEL MW_NOINLINE

/* mw_base.h */

/* mw_requantize.h */

/* mw_window.h */

/* mw_conv_2d_s8.h */

/* mw_requantize_real.h */

/* mw_fully_connected_s8.h */

static const struct mw_conv_2d_s8_params two_layers_flash_conv_2d_s8_0_params = {
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

static const int8_t two_layers_flash_0_input1[24] MW_ALIGNED(4) = {
    -7, 3, 65, 115, -119, -91, 82, 114, -64, -48, 94, -20, -58, 84, -62, -23, 37, 13, -106, -120, 93, 65, 86, 10
};

static const int32_t two_layers_flash_0_bias[3] MW_ALIGNED(4) = {
    0, 0, 0
};

static const int32_t two_layers_flash_0_mantissa[3] MW_ALIGNED(4) = {
    1781656704, 1894498688, 1769859072
};

static const int8_t two_layers_flash_0_exponent[3] MW_ALIGNED(4) = {
    -5, -8, -7
};

static const struct mw_fully_connected_s8_params two_layers_flash_fully_connected_s8_0_params = {
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

static const int8_t two_layers_flash_1_input1[6] MW_ALIGNED(4) = {
    122, -93, -30, -25, 103, -76
};

static const int32_t two_layers_flash_1_bias[2] MW_ALIGNED(4) = {
    0, 0
};

static const int32_t two_layers_flash_1_mantissa[2] MW_ALIGNED(4) = {
    1520804992, 1520804992
};

static const int8_t two_layers_flash_1_exponent[2] MW_ALIGNED(4) = {
    -5, -5
};

int32_t two_layers_flash_run(void *arena)
{
    uint8_t *const base = (uint8_t *)arena;
    if (arena == NULL) {
        return TWO_LAYERS_FLASH_ERROR_NULL;
    }
    if (((uintptr_t)arena & 7u) != 0u) {
        return TWO_LAYERS_FLASH_ERROR_ALIGNMENT;
    }
    /* 1/2 CONV_2D: reads [8, 40), writes [0, 27)
     * node 0: CONV_2D */
    mw_conv_2d_s8(&two_layers_flash_conv_2d_s8_0_params, (const int8_t *)(void *)(base + 8), (int8_t *)(void *)(base + 0), two_layers_flash_0_input1, two_layers_flash_0_bias, two_layers_flash_0_mantissa, two_layers_flash_0_exponent);
    /* 2/2 FULLY_CONNECTED: reads [0, 27), writes [28, 46)
     * node 1: FULLY_CONNECTED */
    mw_fully_connected_s8(&two_layers_flash_fully_connected_s8_0_params, (const int8_t *)(void *)(base + 0), (int8_t *)(void *)(base + 28), two_layers_flash_1_input1, two_layers_flash_1_bias, two_layers_flash_1_mantissa, two_layers_flash_1_exponent);
    return TWO_LAYERS_FLASH_OK;
}
