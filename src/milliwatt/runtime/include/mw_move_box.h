/* SPDX-License-Identifier: Apache-2.0 */
/* Copies a box of elements between two strided views: six nested loops, of which constant extents leave few. */
#ifndef MW_MOVE_BOX_H
#define MW_MOVE_BOX_H

#include "mw_base.h"

/* A box is 20 integers: extents (slowest first), input offset and strides, output offset and strides, in bytes. */
#define MW_BOX_SIZE 20
#define MW_BOX_INPUT 7 /* the first input stride; the offset stands before it */
#define MW_BOX_OUTPUT 14

/* Elements are moved without regard to their type, so these types may alias any other. */
#if defined(__GNUC__) || defined(__clang__)
typedef uint16_t __attribute__((may_alias)) mw_any16;
typedef uint32_t __attribute__((may_alias)) mw_any32;
#else
typedef uint16_t mw_any16;
typedef uint32_t mw_any32;
#endif

MW_INLINE void mw_move_element(const uint8_t *from, uint8_t *to, int32_t width)
{
    if (width == 4) {
        *(mw_any32 *)(void *)to = *(const mw_any32 *)(const void *)from;
    } else if (width == 2) {
        *(mw_any16 *)(void *)to = *(const mw_any16 *)(const void *)from;
    } else {
        *to = *from;
    }
}

/* The two fastest dimensions, from byte offset `from` to byte offset `to`. */
MW_INLINE void mw_move_rows(const int32_t *box, const uint8_t *input, uint8_t *output, int32_t from, int32_t to,
                             int32_t width)
{
    int32_t i;
    int32_t j;
    for (i = 0; i < box[4]; i++) {
        int32_t source = from;
        int32_t target = to;
        for (j = 0; j < box[5]; j++) {
            mw_move_element(input + source, output + target, width);
            source += box[MW_BOX_INPUT + 5];
            target += box[MW_BOX_OUTPUT + 5];
        }
        from += box[MW_BOX_INPUT + 4];
        to += box[MW_BOX_OUTPUT + 4];
    }
}

/* The four fastest dimensions. */
MW_INLINE void mw_move_planes(const int32_t *box, const uint8_t *input, uint8_t *output, int32_t from, int32_t to,
                               int32_t width)
{
    int32_t i;
    int32_t j;
    for (i = 0; i < box[2]; i++) {
        int32_t source = from;
        int32_t target = to;
        for (j = 0; j < box[3]; j++) {
            mw_move_rows(box, input, output, source, target, width);
            source += box[MW_BOX_INPUT + 3];
            target += box[MW_BOX_OUTPUT + 3];
        }
        from += box[MW_BOX_INPUT + 2];
        to += box[MW_BOX_OUTPUT + 2];
    }
}

/* The whole box, in the order of its dimensions. */
MW_INLINE void mw_move_box(const int32_t *box, const uint8_t *input, uint8_t *output, int32_t width)
{
    int32_t from = box[MW_BOX_INPUT - 1];
    int32_t to = box[MW_BOX_OUTPUT - 1];
    int32_t i;
    int32_t j;
    for (i = 0; i < box[0]; i++) {
        int32_t source = from;
        int32_t target = to;
        for (j = 0; j < box[1]; j++) {
            mw_move_planes(box, input, output, source, target, width);
            source += box[MW_BOX_INPUT + 1];
            target += box[MW_BOX_OUTPUT + 1];
        }
        from += box[MW_BOX_INPUT];
        to += box[MW_BOX_OUTPUT];
    }
}

#endif
