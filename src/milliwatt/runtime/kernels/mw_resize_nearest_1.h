/* SPDX-License-Identifier: Apache-2.0 */
/* RESIZE_NEAREST_NEIGHBOR: pixels are runs of elements of 1 byte; rows and columns hold their places. */
#ifndef MW_RESIZE_NEAREST_1_H
#define MW_RESIZE_NEAREST_1_H

#include "mw_move_box.h"

struct mw_resize_nearest_1_params {
    int32_t batches;
    int32_t out_h;
    int32_t out_w;
    int32_t run;   /* elements per pixel */
    int32_t image; /* elements of one input image */
};

MW_KERNEL void mw_resize_nearest_1(const struct mw_resize_nearest_1_params *p, const uint8_t *input, uint8_t *output,
                                   const int32_t *rows, const int32_t *columns)
{
    const uint8_t *image = input;
    uint8_t *target = output;
    int32_t batch;
    int32_t y;
    int32_t x;
    int32_t i;
    for (batch = 0; batch < p->batches; batch++) {
        for (y = 0; y < p->out_h; y++) {
            for (x = 0; x < p->out_w; x++) {
                const uint8_t *pixel = image + rows[y] + columns[x];
                for (i = 0; i < p->run; i++) {
                    *target++ = pixel[i];
                }
            }
        }
        image += p->image;
    }
}

#endif
