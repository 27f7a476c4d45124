/* SPDX-License-Identifier: NONE. Generated code: the licence is that of the model. */
/*
 * A golden test.
 *
 *
 * moves_and_state_input_0: input_0: int8 [1, 3, 4], real = 0.0625 * (value - -4)
 * moves_and_state_input_1: input_1: int8 [4], real = 0.0625 * (value - -4)
 * moves_and_state_output_0: value_0_0: int8 [1, 4, 3], real = 0.0625 * (value - -4)
 * moves_and_state_output_1: value_1_0: int8 [4], real = 0.0625 * (value - -4)
 * state: memory: int8 [4], real = 0.0625 * (value - -4)
 *
 * Use: write the inputs where moves_and_state_input points, call moves_and_state_run, read where moves_and_state_output points. Inputs and
 * outputs lie in the arena and share bytes: a run overwrites its inputs, and the outputs last until the next
 * inputs are written. Nothing is allocated, no global is written, no other file is needed: two arenas may run
 * at the same time, one arena may not. The run time depends on the input's values only where the report says so.
 * MISRA C:2012: no dynamic memory (21.3), no recursion (17.2), no standard I/O (21.6), no variable-length arrays
 * (18.8). Deviations: pointers into the arena are converted through void* (11.5), functions have one exit per
 * error (15.5). No claim of compliance is made.
 */
#ifndef MOVES_AND_STATE_H
#define MOVES_AND_STATE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MOVES_AND_STATE_ARENA_BYTES 28
#define MOVES_AND_STATE_INPUT_0_OFFSET 12
#define MOVES_AND_STATE_INPUT_0_BYTES 12
#define MOVES_AND_STATE_INPUT_0_SIZE 12 /* elements */
#define MOVES_AND_STATE_INPUT_1_OFFSET 24
#define MOVES_AND_STATE_INPUT_1_BYTES 4
#define MOVES_AND_STATE_INPUT_1_SIZE 4 /* elements */
#define MOVES_AND_STATE_OUTPUT_0_OFFSET 4
#define MOVES_AND_STATE_OUTPUT_0_BYTES 12
#define MOVES_AND_STATE_OUTPUT_0_SIZE 12 /* elements */
#define MOVES_AND_STATE_OUTPUT_1_OFFSET 16
#define MOVES_AND_STATE_OUTPUT_1_BYTES 4
#define MOVES_AND_STATE_OUTPUT_1_SIZE 4 /* elements */

enum {
    MOVES_AND_STATE_OK = 0,
    MOVES_AND_STATE_ERROR_NULL = -1, /* the arena is NULL */
    MOVES_AND_STATE_ERROR_ALIGNMENT = -2 /* the arena is not aligned to 8 bytes */
};

/* All the RAM that the model needs besides the stack; aligned by its type. */
typedef union {
    uint64_t alignment;
    uint8_t bytes[MOVES_AND_STATE_ARENA_BYTES];
} moves_and_state_arena;

static inline int8_t *moves_and_state_input_0(void *arena)
{
    return (int8_t *)(void *)((uint8_t *)arena + MOVES_AND_STATE_INPUT_0_OFFSET);
}

static inline int8_t *moves_and_state_input_1(void *arena)
{
    return (int8_t *)(void *)((uint8_t *)arena + MOVES_AND_STATE_INPUT_1_OFFSET);
}

static inline int8_t *moves_and_state_output_0(void *arena)
{
    return (int8_t *)(void *)((uint8_t *)arena + MOVES_AND_STATE_OUTPUT_0_OFFSET);
}

static inline int8_t *moves_and_state_output_1(void *arena)
{
    return (int8_t *)(void *)((uint8_t *)arena + MOVES_AND_STATE_OUTPUT_1_OFFSET);
}

/* Sets the state that is kept between runs to its initial value. Call it before the first run. */
int32_t moves_and_state_init(void *arena);

/* One inference. Returns 0, or a negative status with the arena untouched. */
int32_t moves_and_state_run(void *arena);

#ifdef __cplusplus
}
#endif

#endif
