/* SPDX-License-Identifier: NONE. Generated code: see moves_and_state.h. Do not edit. */
#include "moves_and_state.h"

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

/* Copies bytes from one place of the arena, or from a table, to another that does not overlap it. */

struct mw_copy_params {
    int32_t bytes;
};

MW_KERNEL void mw_copy(const struct mw_copy_params *p, const uint8_t *input, uint8_t *output)
{
    int32_t i;
    for (i = 0; i < p->bytes; i++) {
        output[i] = input[i];
    }
}

/* Copies a box of elements between two strided views: six nested loops, of which constant extents leave few. */

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

/* Moves one box of elements of 1 byte between strided views. Strides and offsets are in bytes, slowest first. */

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

static const struct mw_move_1_params moves_and_state_move_1_0_params = {
    1, /* extent_0 */
    1, /* extent_1 */
    1, /* extent_2 */
    1, /* extent_3 */
    4, /* extent_4 */
    3, /* extent_5 */
    0, /* input_offset */
    0, /* input_stride_0 */
    0, /* input_stride_1 */
    0, /* input_stride_2 */
    0, /* input_stride_3 */
    1, /* input_stride_4 */
    4, /* input_stride_5 */
    0, /* output_offset */
    0, /* output_stride_0 */
    0, /* output_stride_1 */
    0, /* output_stride_2 */
    0, /* output_stride_3 */
    3, /* output_stride_4 */
    1, /* output_stride_5 */
};

MW_NOINLINE void moves_and_state_move_1_0(const uint8_t *input, uint8_t *output)
{
    mw_move_1(&moves_and_state_move_1_0_params, input, output);
}

static const struct mw_copy_params moves_and_state_copy_0_params = {
    4, /* bytes */
};

MW_NOINLINE void moves_and_state_copy_0(const uint8_t *input, uint8_t *output)
{
    mw_copy(&moves_and_state_copy_0_params, input, output);
}

static const uint8_t moves_and_state_state_0[4] MW_ALIGNED(4) = {
    1, 2, 3, 4
};

int32_t moves_and_state_init(void *arena)
{
    uint8_t *const base = (uint8_t *)arena;
    size_t i;
    if (arena == NULL) {
        return MOVES_AND_STATE_ERROR_NULL;
    }
    if (((uintptr_t)arena & 7u) != 0u) {
        return MOVES_AND_STATE_ERROR_ALIGNMENT;
    }
    for (i = 0; i < 4u; i++) {
        base[0u + i] = moves_and_state_state_0[i];
    }
    return MOVES_AND_STATE_OK;
}

int32_t moves_and_state_run(void *arena)
{
    uint8_t *const base = (uint8_t *)arena;
    if (arena == NULL) {
        return MOVES_AND_STATE_ERROR_NULL;
    }
    if (((uintptr_t)arena & 7u) != 0u) {
        return MOVES_AND_STATE_ERROR_ALIGNMENT;
    }
    /* 1/3 TRANSPOSE: reads [12, 24), writes [4, 16)
     * node 0: TRANSPOSE */
    moves_and_state_move_1_0((const uint8_t *)(void *)(base + 12), (uint8_t *)(void *)(base + 4));
    /* 2/3 READ_VARIABLE: writes [16, 20)
     * node 1: READ_VARIABLE */
    moves_and_state_copy_0((uint8_t *)(void *)(base + 0), (uint8_t *)(void *)(base + 16));
    /* 3/3 ASSIGN_VARIABLE: reads [24, 28)
     * assign */
    moves_and_state_copy_0((const uint8_t *)(void *)(base + 24), (uint8_t *)(void *)(base + 0));
    return MOVES_AND_STATE_OK;
}
