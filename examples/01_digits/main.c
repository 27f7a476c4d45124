/* SPDX-License-Identifier: Apache-2.0 */
/* Recognises a few digits with the C that milliwatt emits for digits.tflite. On a PC:
 *
 *     milliwatt build examples/01_digits/digits.tflite -o out
 *     cc -std=c99 -Iout examples/01_digits/main.c out/digits.c -o out/digits_demo && out/digits_demo
 *
 * A firmware keeps `recognise` and takes the pixels from its camera. */
#include <stdint.h>
#include <stdio.h>

#include "digits.h"
#include "digits_samples.h"

static digits_arena arena;

/* The most probable digit of 8x8 pixels of 0 (paper) to 16 (ink), or a negative status of digits_run. */
static int32_t recognise(const int8_t *pixels)
{
    int8_t *const input = digits_input(&arena);
    const int8_t *const probability = digits_output(&arena);
    int32_t status, digit, best = 0;
    int32_t i;

    for (i = 0; i < DIGITS_INPUT_SIZE; i++) {
        input[i] = pixels[i];
    }
    status = digits_run(&arena);
    if (status != DIGITS_OK) {
        return status;
    }
    for (digit = 1; digit < DIGITS_OUTPUT_SIZE; digit++) {
        if (probability[digit] > probability[best]) {
            best = digit;
        }
    }
    return best;
}

int main(void)
{
    int failed = 0;
    int i;

    for (i = 0; i < DIGITS_SAMPLES; i++) {
        const int32_t digit = recognise(digits_samples[i]);
        printf("a %d is recognised as %d\n", (int)digits_labels[i], (int)digit);
        failed |= digit < 0;
    }
    return failed;
}
