/* SPDX-License-Identifier: NONE. Generated code: see moves_and_state.h. Do not edit. */
#include "moves_and_state.h"

/* mw_base.h */

/* mw_move_box.h */

/* mw_copy_4.h */

/* mw_move_1.h */

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

static const struct mw_copy_4_params moves_and_state_copy_4_0_params = {
    1, /* words */
};

MW_NOINLINE void moves_and_state_copy_4_0(const uint32_t *input, uint32_t *output)
{
    mw_copy_4(&moves_and_state_copy_4_0_params, input, output);
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
    moves_and_state_copy_4_0((uint32_t *)(void *)(base + 0), (uint32_t *)(void *)(base + 16));
    /* 3/3 ASSIGN_VARIABLE: reads [24, 28)
     * assign */
    moves_and_state_copy_4_0((const uint32_t *)(void *)(base + 24), (uint32_t *)(void *)(base + 0));
    return MOVES_AND_STATE_OK;
}
