/* SPDX-License-Identifier: Apache-2.0 */
/* Moves one box of elements of 1 byte between strided views. Strides and offsets are in bytes, slowest first. */
#ifndef MW_MOVE_1_H
#define MW_MOVE_1_H

#include "mw_move_box.h"

struct mw_move_1_params {
    int32_t extent_0;
    int32_t extent_1;
    int32_t extent_2;
    int32_t extent_3;
    int32_t extent_4;
    int32_t extent_5;
    int32_t input_offset;
    int32_t input_stride_0;
    int32_t input_stride_1;
    int32_t input_stride_2;
    int32_t input_stride_3;
    int32_t input_stride_4;
    int32_t input_stride_5;
    int32_t output_offset;
    int32_t output_stride_0;
    int32_t output_stride_1;
    int32_t output_stride_2;
    int32_t output_stride_3;
    int32_t output_stride_4;
    int32_t output_stride_5;
};

MW_KERNEL void mw_move_1(const struct mw_move_1_params *p, const uint8_t *input, uint8_t *output)
{
    const int32_t box[MW_BOX_SIZE] = {
        p->extent_0, p->extent_1, p->extent_2, p->extent_3,
        p->extent_4, p->extent_5,
        p->input_offset, p->input_stride_0, p->input_stride_1, p->input_stride_2,
        p->input_stride_3, p->input_stride_4, p->input_stride_5,
        p->output_offset, p->output_stride_0, p->output_stride_1, p->output_stride_2,
        p->output_stride_3, p->output_stride_4, p->output_stride_5,
    };
    mw_move_box(box, input, output, 1);
}

#endif
