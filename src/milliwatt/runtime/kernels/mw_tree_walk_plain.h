/* SPDX-License-Identifier: Apache-2.0 */
/* TREE_ENSEMBLE by tables whose thresholds are those of the elements themselves.
 *
 * A node is in units of 16 bits: for 8-bit elements the feature with the threshold's byte in the upper half; else the
 * feature, then the threshold (16 bits, or 32 with the lower half first). Then comes where to go on the right: a leaf
 * (highest bit set) or the distance to a node. The left node stands behind its parent; where the second highest bit is
 * set, it is a leaf, whose number is the unit behind. */
#ifndef MW_TREE_WALK_PLAIN_H
#define MW_TREE_WALK_PLAIN_H

#include "mw_tree.h"

struct mw_tree_walk_plain_params {
    int32_t rows;
    int32_t features;
    int32_t source; /* the element type of the data, see mw_tree.h */
    int32_t outputs;
    int32_t mode;  /* what numbers of leaves mean, see mw_tree.h */
    int32_t whole; /* what a leaf adds to its only output, where leaves are lists */
};

MW_INLINE int32_t mw_tree_leaf_plain(const uint16_t *node, const uint8_t *data, int32_t source)
{
    for (;;) {
        int32_t feature = node[0];
        int32_t threshold;
        uint32_t link;
        if (source == MW_TREE_FLOAT32) {
            threshold = (int32_t)(node[1] | (uint32_t)node[2] << 16);
            link = node[3];
            node += 4;
        } else if (source == MW_TREE_INT16) {
            threshold = (int16_t)node[1];
            link = node[2];
            node += 3;
        } else {
            threshold = source == MW_TREE_INT8 ? (int8_t)(node[0] >> 8) : (uint8_t)(node[0] >> 8);
            feature &= 0xFF;
            link = node[1];
            node += 2;
        }
        if (mw_tree_element(data, source, feature) <= threshold) {
            if ((link & 0x4000u) != 0u) {
                return (int32_t)node[0];
            }
        } else {
            if ((link & 0x8000u) != 0u) {
                return (int32_t)(link & 0x3FFFu);
            }
            node += link & 0x3FFFu;
        }
    }
}

/* ends[o] is the first tree that does not belong to output o. */
MW_KERNEL void mw_tree_walk_plain(const struct mw_tree_walk_plain_params *p, const uint8_t *data,
                                  const uint16_t *nodes, const uint32_t *starts, const uint16_t *ends,
                                  const int32_t *leaves, const int32_t *base, int32_t *sums)
{
    const int32_t bytes = p->source == MW_TREE_FLOAT32 ? 4 : (p->source == MW_TREE_INT16 ? 2 : 1);
    int32_t row;
    int32_t i;
    for (row = 0; row < p->rows; row++) {
        int32_t tree = 0;
        for (i = 0; i < p->outputs; i++) {
            sums[i] = base[i];
        }
        for (i = 0; i < p->outputs; i++) {
            for (; tree < ends[i]; tree++) {
                const int32_t leaf = mw_tree_leaf_plain(nodes + starts[tree], data, p->source);
                mw_tree_add(p->mode, p->outputs, p->whole, leaves, leaf, i, sums);
            }
        }
        data += p->features * bytes;
        sums += p->outputs;
    }
}

#endif
