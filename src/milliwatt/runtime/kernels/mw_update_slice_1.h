/* SPDX-License-Identifier: Apache-2.0 */
/* DYNAMIC_UPDATE_SLICE by bytes: a copy of the operand, unless the output lies where it does, then the update at the
 * place that the start indices say. axes holds for each dimension the places where the update may start, and the bytes
 * from one to the next. */
#ifndef MW_UPDATE_SLICE_1_H
#define MW_UPDATE_SLICE_1_H

#include "mw_gather_offset.h"

/* Extents of the update and strides of both in bytes, slowest first. */
struct mw_update_slice_1_params {
    int32_t extent_0;
    int32_t extent_1;
    int32_t extent_2;
    int32_t extent_3;
    int32_t extent_4;
    int32_t extent_5;
    int32_t input_stride_0;
    int32_t input_stride_1;
    int32_t input_stride_2;
    int32_t input_stride_3;
    int32_t input_stride_4;
    int32_t input_stride_5;
    int32_t output_stride_0;
    int32_t output_stride_1;
    int32_t output_stride_2;
    int32_t output_stride_3;
    int32_t output_stride_4;
    int32_t output_stride_5;
    int32_t units; /* bytes of the operand */
    int32_t depth; /* dimensions */
    int32_t index_words;
};

MW_KERNEL void mw_update_slice_1(const struct mw_update_slice_1_params *p, const uint8_t *operand,
                               const uint8_t *update, uint8_t *output, const int32_t *starts,
                               const int32_t *axes)
{
    const int32_t box[MW_BOX_SIZE] = {
        p->extent_0, p->extent_1, p->extent_2, p->extent_3,
        p->extent_4, p->extent_5,
        0, p->input_stride_0, p->input_stride_1, p->input_stride_2,
        p->input_stride_3, p->input_stride_4, p->input_stride_5,
        0, p->output_stride_0, p->output_stride_1, p->output_stride_2,
        p->output_stride_3, p->output_stride_4, p->output_stride_5,
    };
    const int32_t start = mw_gather_offset(starts, p->index_words, axes, p->depth);
    int32_t i;
    if (operand != output) {
        for (i = 0; i < p->units; i++) {
            output[i] = operand[i];
        }
    }
    mw_move_box(box, update, output + start, 1);
}

#endif
