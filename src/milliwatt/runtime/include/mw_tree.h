/* SPDX-License-Identifier: Apache-2.0 */
/* What kernels of tree ensembles share: numbers as integers of the same order, and what leaves add. */
#ifndef MW_TREE_H
#define MW_TREE_H

#include "mw_base.h"

enum { MW_TREE_FLOAT32 = 0, MW_TREE_INT16 = 1, MW_TREE_INT8 = 2, MW_TREE_UINT8 = 3 };

/* What the number of a leaf means: an element of the leaves that goes to the tree's own output, a list of outputs,
 * or a row for all outputs. */
enum { MW_TREE_VALUES = 0, MW_TREE_LISTS = 1, MW_TREE_ROWS = 2 };

/* An element as a key whose order is that of the numbers. */
MW_INLINE int32_t mw_tree_element(const uint8_t *data, int32_t source, int32_t feature)
{
    int32_t bits;
    if (source == MW_TREE_INT16) {
        return ((const int16_t *)(const void *)data)[feature];
    }
    if (source == MW_TREE_INT8) {
        return ((const int8_t *)(const void *)data)[feature];
    }
    if (source == MW_TREE_UINT8) {
        return data[feature];
    }
    bits = ((const int32_t *)(const void *)data)[feature];
    return bits < 0 ? bits ^ 0x7FFFFFFF : bits;
}

/* The key of a column: features + c is column c with NaN below all other numbers, 2 * features + c with NaN above. */
MW_INLINE int32_t mw_tree_key(const uint8_t *data, int32_t source, int32_t features, int32_t column)
{
    int32_t feature = column;
    int32_t key;
    while (feature >= features) {
        feature -= features;
    }
    key = mw_tree_element(data, source, feature);
    if (column >= features && (key > 0x7F800000 || key < -0x7F800001)) {
        return column < 2 * features ? -2147483647 - 1 : 2147483647;
    }
    return key;
}

/* How many of some rising keys are less. */
MW_INLINE uint32_t mw_tree_rank(const int32_t *keys, uint32_t count, int32_t key)
{
    uint32_t low = 0u;
    while (count > 0u) {
        const uint32_t half = count >> 1;
        if (keys[low + half] < key) {
            low += half + 1u;
            count -= half + 1u;
        } else {
            count = half;
        }
    }
    return low;
}

/* A list of what leaves add to several outputs: words of the signed amount in 24 bits, 1 bit that is set in the last
 * word, and 7 bits of the output. */
MW_INLINE void mw_tree_add_list(const int32_t *list, int32_t *sums)
{
    int32_t word;
    do {
        word = *list++;
        sums[word & 0x7F] += word >> 8;
    } while ((word & 0x80) == 0);
}

/* Adds one leaf. With lists, numbers below the count of outputs are outputs that get the whole. */
MW_INLINE void mw_tree_add(int32_t mode, int32_t outputs, int32_t whole, const int32_t *leaves, int32_t leaf,
                           int32_t output, int32_t *sums)
{
    if (mode == MW_TREE_VALUES) {
        sums[output] += leaves[leaf];
    } else if (mode == MW_TREE_LISTS) {
        if (leaf < outputs) {
            sums[leaf] += whole;
        } else {
            mw_tree_add_list(leaves + (leaf - outputs), sums);
        }
    } else {
        int32_t i;
        for (i = 0; i < outputs; i++) {
            sums[i] += leaves[leaf * outputs + i];
        }
    }
}

#endif
