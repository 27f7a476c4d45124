/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The block functions that a compiler may call on its own. The clang of ziglang brings them in its run-time
 * library; GNU compilers expect them from a C library, which need not be installed. A firmware's own serve as well.
 */
#include <stddef.h>

void *memcpy(void *restrict target, const void *restrict source, size_t bytes);
void *memmove(void *target, const void *source, size_t bytes);
void *memset(void *target, int value, size_t bytes);
int memcmp(const void *left, const void *right, size_t bytes);

void *memcpy(void *restrict target, const void *restrict source, size_t bytes)
{
    unsigned char *const to = target;
    const unsigned char *const from = source;
    for (size_t i = 0; i < bytes; i++) {
        to[i] = from[i];
    }
    return target;
}

void *memmove(void *target, const void *source, size_t bytes)
{
    unsigned char *const to = target;
    const unsigned char *const from = source;
    if (to < from) {
        for (size_t i = 0; i < bytes; i++) {
            to[i] = from[i];
        }
    } else {
        for (size_t i = bytes; i > 0; i--) {
            to[i - 1] = from[i - 1];
        }
    }
    return target;
}

void *memset(void *target, int value, size_t bytes)
{
    unsigned char *const to = target;
    for (size_t i = 0; i < bytes; i++) {
        to[i] = (unsigned char)value;
    }
    return target;
}

int memcmp(const void *left, const void *right, size_t bytes)
{
    const unsigned char *const one = left;
    const unsigned char *const other = right;
    for (size_t i = 0; i < bytes; i++) {
        if (one[i] != other[i]) {
            return one[i] < other[i] ? -1 : 1;
        }
    }
    return 0;
}
