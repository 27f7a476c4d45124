/* SPDX-License-Identifier: Apache-2.0 */
/* TREE_ENSEMBLE by tables: each column becomes its rank among the column's thresholds, then trees compare 16-bit ranks.
 *
 * A node is two units of 32 bits: the column and the threshold's rank in the upper half, then where to go on the
 * right: a leaf (highest bit set) or the distance to a node. The left node stands behind its parent; where the second
 * highest bit is set, it is a leaf, whose number is the unit behind. */
#ifndef MW_TREE_WALK_16_H
#define MW_TREE_WALK_16_H

#include "mw_tree.h"

struct mw_tree_walk_16_params {
    int32_t rows;
    int32_t features;
    int32_t source;  /* the element type of the data, see mw_tree.h */
    int32_t columns; /* that are ranked */
    int32_t outputs;
    int32_t mode;  /* what numbers of leaves mean, see mw_tree.h */
    int32_t whole; /* what a leaf adds to its only output, where leaves are lists */
};

MW_INLINE int32_t mw_tree_leaf_16(const uint32_t *node, const uint16_t *ranks)
{
    for (;;) {
        const uint32_t test = node[0];
        const uint32_t link = node[1];
        if (ranks[test & 0xFFFFu] <= (test >> 16)) {
            if ((link & 0x40000000u) != 0u) {
                return (int32_t)node[2];
            }
            node += 2;
        } else {
            if ((link & 0x80000000u) != 0u) {
                return (int32_t)(link & 0x3fffffffu);
            }
            node += link & 0x3fffffffu;
        }
    }
}

/* The keys of column c are those from begins[c] on; ends[o] is the first tree that does not belong to output o. */
MW_KERNEL void mw_tree_walk_16(const struct mw_tree_walk_16_params *p, const uint8_t *data, const uint16_t *columns,
                             const uint16_t *begins, const int32_t *keys, const uint32_t *nodes,
                             const uint32_t *starts, const uint16_t *ends, const int32_t *leaves,
                             const int32_t *base, uint16_t *ranks, int32_t *sums)
{
    const int32_t bytes = p->source == MW_TREE_FLOAT32 ? 4 : (p->source == MW_TREE_INT16 ? 2 : 1);
    int32_t row;
    int32_t i;
    for (row = 0; row < p->rows; row++) {
        int32_t tree = 0;
        for (i = 0; i < p->columns; i++) {
            const int32_t key = mw_tree_key(data, p->source, p->features, columns[i]);
            ranks[i] = (uint16_t)mw_tree_rank(keys + begins[i], (uint32_t)begins[i + 1] - begins[i], key);
        }
        for (i = 0; i < p->outputs; i++) {
            sums[i] = base[i];
        }
        for (i = 0; i < p->outputs; i++) {
            for (; tree < ends[i]; tree++) {
                const int32_t leaf = mw_tree_leaf_16(nodes + starts[tree], ranks);
                mw_tree_add(p->mode, p->outputs, p->whole, leaves, leaf, i, sums);
            }
        }
        data += p->features * bytes;
        sums += p->outputs;
    }
}

#endif
