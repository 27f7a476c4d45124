/* SPDX-License-Identifier: Apache-2.0 */
/* Relations of two operands as a set of outcomes: EQUAL is {equal}, NOT_EQUAL {less, greater, unordered}, … */
#ifndef MW_RELATION_H
#define MW_RELATION_H

#include "mw_base.h"

#define MW_RELATION_LESS 1
#define MW_RELATION_EQUAL 2
#define MW_RELATION_GREATER 4
#define MW_RELATION_UNORDERED 8

/* Whether the relation contains an outcome, 0 or 1. */
MW_INLINE uint8_t mw_holds(int32_t relation, int32_t outcome)
{
    return (relation & outcome) != 0 ? (uint8_t)1 : (uint8_t)0;
}

/* The outcome for two numbers of any one type; floats are unordered when one is NaN. */
#define MW_OUTCOME(left, right) \
    ((left) < (right)    ? MW_RELATION_LESS \
     : (left) > (right)  ? MW_RELATION_GREATER \
     : (left) == (right) ? MW_RELATION_EQUAL \
                         : MW_RELATION_UNORDERED)

#endif
