/* SPDX-License-Identifier: Apache-2.0 */
/* Finds unusual sounds of a fan with the C that milliwatt emits for anomaly.tflite. On a PC:
 *
 *     milliwatt build examples/03_anomaly/anomaly.tflite -o out
 *     cc -std=c99 -Iout examples/03_anomaly/main.c out/anomaly.c -o out/anomaly_demo && out/anomaly_demo
 *
 * A firmware keeps `unusual` and takes the levels from its microphone's spectrum. */
#include <stdint.h>
#include <stdio.h>

#include "anomaly.h"
#include "anomaly_samples.h"

static anomaly_arena arena;

/* How unusual 128 levels in half decibels are: the squared error of what the autoencoder makes of them, at most
 * 128 * 255 * 255, in integers because input and output have one scale; or a negative status. */
static int32_t unusual(const int8_t *levels)
{
    int8_t *const input = anomaly_input(&arena);
    const int8_t *const output = anomaly_output(&arena);
    int32_t status, error = 0;
    int32_t i;

    for (i = 0; i < ANOMALY_INPUT_SIZE; i++) {
        input[i] = levels[i];
    }
    status = anomaly_run(&arena);
    if (status != ANOMALY_OK) {
        return status;
    }
    /* The run has overwritten its input: compare with the levels themselves. */
    for (i = 0; i < ANOMALY_OUTPUT_SIZE; i++) {
        const int32_t difference = (int32_t)levels[i] - output[i];
        error += difference * difference;
    }
    return error;
}

int main(void)
{
    int failed = 0;
    int i;

    for (i = 0; i < ANOMALY_SAMPLES; i++) {
        const int32_t error = unusual(anomaly_samples[i]);
        const int alarm = error > ANOMALY_THRESHOLD;
        printf("%s, error %ld: %s\n", anomaly_labels[i] ? "anomaly" : "normal", (long)error, alarm ? "ALARM" : "quiet");
        failed |= error < 0;
    }
    return failed;
}
