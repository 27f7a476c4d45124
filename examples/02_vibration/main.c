/* SPDX-License-Identifier: Apache-2.0 */
/* Names the condition of a bearing with the C that milliwatt emits for vibration.tflite. On a PC:
 *
 *     milliwatt build examples/02_vibration/vibration.tflite -o out
 *     cc -std=c99 -Iout examples/02_vibration/main.c out/vibration.c -o out/vibration_demo && out/vibration_demo
 *
 * A firmware keeps `condition` and takes the samples from an 8-bit accelerometer of 2 g at 4096 Hz. */
#include <stdint.h>
#include <stdio.h>

#include "vibration.h"
#include "vibration_samples.h"

static const char *const conditions[VIBRATION_OUTPUT_SIZE] = {"healthy", "imbalance", "outer race", "inner race"};

static vibration_arena arena;

/* Index of the most probable condition of 256 samples in steps of 1/64 g, or a negative status. */
static int32_t condition(const int8_t *samples)
{
    int8_t *const input = vibration_input(&arena);
    const int8_t *const probability = vibration_output(&arena);
    int32_t status, index, best = 0;
    int32_t i;

    for (i = 0; i < VIBRATION_INPUT_SIZE; i++) {
        input[i] = samples[i];
    }
    status = vibration_run(&arena);
    if (status != VIBRATION_OK) {
        return status;
    }
    for (index = 1; index < VIBRATION_OUTPUT_SIZE; index++) {
        if (probability[index] > probability[best]) {
            best = index;
        }
    }
    return best;
}

int main(void)
{
    int failed = 0;
    int i;

    for (i = 0; i < VIBRATION_SAMPLES; i++) {
        const int32_t found = condition(vibration_samples[i]);
        printf("%s is recognised as %s\n", conditions[vibration_labels[i]], found < 0 ? "an error" : conditions[found]);
        failed |= found < 0;
    }
    return failed;
}
