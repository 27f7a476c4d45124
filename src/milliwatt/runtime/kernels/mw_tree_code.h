/* SPDX-License-Identifier: Apache-2.0 */
/* TREE_ENSEMBLE as code: what is emitted are comparisons with constants, generated from the tables that this form reads
 * (emit/unrolled/tree_code.py). */
#ifndef MW_TREE_CODE_H
#define MW_TREE_CODE_H

#include "mw_tree.h"

struct mw_tree_code_params {
    int32_t rows;
    int32_t features;
    int32_t source;  /* the element type of the data, see mw_tree.h */
    int32_t columns; /* that are ranked; 0 where elements are compared themselves */
    int32_t trees;
    int32_t outputs;
    int32_t mode;  /* what numbers of leaves mean, see mw_tree.h */
    int32_t whole; /* what a leaf adds to its only output, where leaves are lists */
};

/* Node n compares column tests[4 n] with tests[4 n + 1], and leads to tests[4 n + 2] on the left, else to
 * tests[4 n + 3]: to a node, or to leaf -1 - r. The keys of column c are those from begins[c] on; tree t belongs to
 * output trees[2 t + 1] and begins with node trees[2 t]. */
MW_KERNEL void mw_tree_code(const struct mw_tree_code_params *p, const uint8_t *data, const uint16_t *columns,
                            const uint16_t *begins, const int32_t *keys, const int32_t *tests, const int32_t *trees,
                            const int32_t *leaves, const int32_t *base, uint8_t *ranks, int32_t *sums)
{
    const int32_t bytes = p->source == MW_TREE_FLOAT32 ? 4 : (p->source == MW_TREE_INT16 ? 2 : 1);
    int32_t row;
    int32_t i;
    for (row = 0; row < p->rows; row++) {
        for (i = 0; i < p->columns; i++) {
            const int32_t key = mw_tree_key(data, p->source, p->features, columns[i]);
            ranks[i] = (uint8_t)mw_tree_rank(keys + begins[i], (uint32_t)begins[i + 1] - begins[i], key);
        }
        for (i = 0; i < p->outputs; i++) {
            sums[i] = base[i];
        }
        for (i = 0; i < p->trees; i++) {
            int32_t at = trees[2 * i];
            while (at >= 0) {
                const int32_t *test = tests + 4 * at;
                const int32_t key = p->columns != 0 ? (int32_t)ranks[test[0]]
                                                    : mw_tree_key(data, p->source, p->features, test[0]);
                at = key <= test[1] ? test[2] : test[3];
            }
            mw_tree_add(p->mode, p->outputs, p->whole, leaves, -1 - at, trees[2 * i + 1], sums);
        }
        data += p->features * bytes;
        sums += p->outputs;
    }
}

#endif
