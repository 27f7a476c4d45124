/* SPDX-License-Identifier: NONE. Generated code: the licence is that of the model. */
/*
 * A golden test.
 *
 *
 * two_layers_flash_input: input_0: int8 [1, 4, 4, 2], real = 0.0625 * (value - -4)
 * two_layers_flash_output: value_1_0: int8 [9, 2], real = 0.0625 * (value - -4)
 *
 * Use: write the inputs where two_layers_flash_input points, call two_layers_flash_run, read where two_layers_flash_output points. Inputs and
 * outputs lie in the arena and share bytes: a run overwrites its inputs, and the outputs last until the next
 * inputs are written. Nothing is allocated, no global is written, no other file is needed: two arenas may run
 * at the same time, one arena may not. The run time depends on the input's values only where the report says so.
 * MISRA C:2012: no dynamic memory (21.3), no recursion (17.2), no standard I/O (21.6), no variable-length arrays
 * (18.8). Deviations: pointers into the arena are converted through void* (11.5), functions have one exit per
 * error (15.5). No claim of compliance is made.
 */
#ifndef TWO_LAYERS_FLASH_H
#define TWO_LAYERS_FLASH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TWO_LAYERS_FLASH_ARENA_BYTES 48
#define TWO_LAYERS_FLASH_INPUT_OFFSET 8
#define TWO_LAYERS_FLASH_INPUT_BYTES 32
#define TWO_LAYERS_FLASH_INPUT_SIZE 32 /* elements */
#define TWO_LAYERS_FLASH_OUTPUT_OFFSET 28
#define TWO_LAYERS_FLASH_OUTPUT_BYTES 18
#define TWO_LAYERS_FLASH_OUTPUT_SIZE 18 /* elements */

enum {
    TWO_LAYERS_FLASH_OK = 0,
    TWO_LAYERS_FLASH_ERROR_NULL = -1, /* the arena is NULL */
    TWO_LAYERS_FLASH_ERROR_ALIGNMENT = -2 /* the arena is not aligned to 8 bytes */
};

/* All the RAM that the model needs besides the stack; aligned by its type. */
typedef union {
    uint64_t alignment;
    uint8_t bytes[TWO_LAYERS_FLASH_ARENA_BYTES];
} two_layers_flash_arena;

static inline int8_t *two_layers_flash_input(void *arena)
{
    return (int8_t *)(void *)((uint8_t *)arena + TWO_LAYERS_FLASH_INPUT_OFFSET);
}

static inline int8_t *two_layers_flash_output(void *arena)
{
    return (int8_t *)(void *)((uint8_t *)arena + TWO_LAYERS_FLASH_OUTPUT_OFFSET);
}

/* One inference. Returns 0, or a negative status with the arena untouched. */
int32_t two_layers_flash_run(void *arena);

#ifdef __cplusplus
}
#endif

#endif
