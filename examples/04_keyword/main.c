/* SPDX-License-Identifier: Apache-2.0 */
/* Spots keywords with the C that milliwatt emits for keyword.tflite. On a PC:
 *
 *     milliwatt build examples/04_keyword/keyword.tflite -o out
 *     cc -std=c99 -Iout examples/04_keyword/main.c out/keyword.c -o out/keyword_demo && out/keyword_demo
 *
 * A firmware keeps `spot` and takes the coefficients from its microphone, as features.py computes them. */
#include <stdint.h>
#include <stdio.h>

#include "keyword.h"
#include "keyword_samples.h"

static const char *const words[KEYWORD_OUTPUT_SIZE] = {"silence", "unknown", "yes",  "no",
                                                       "up",      "down",    "stop", "go"};

static keyword_arena arena;

/* Index of the most probable word in 49 x 10 quantised coefficients of one second, or a negative status. */
static int32_t spot(const int8_t *coefficients)
{
    int8_t *const input = keyword_input(&arena);
    const int8_t *const probability = keyword_output(&arena);
    int32_t status, word, best = 0;
    int32_t i;

    for (i = 0; i < KEYWORD_INPUT_SIZE; i++) {
        input[i] = coefficients[i];
    }
    status = keyword_run(&arena);
    if (status != KEYWORD_OK) {
        return status;
    }
    for (word = 1; word < KEYWORD_OUTPUT_SIZE; word++) {
        if (probability[word] > probability[best]) {
            best = word;
        }
    }
    return best;
}

int main(void)
{
    int failed = 0;
    int i;

    for (i = 0; i < KEYWORD_SAMPLES; i++) {
        const int32_t found = spot(keyword_samples[i]);
        printf("%s is recognised as %s\n", words[keyword_labels[i]], found < 0 ? "an error" : words[found]);
        failed |= found < 0;
    }
    return failed;
}
