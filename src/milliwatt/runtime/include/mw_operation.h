/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of the operations on two operands that share a kernel per element type. */
#ifndef MW_OPERATION_H
#define MW_OPERATION_H

#include "mw_base.h"

#define MW_ADD 1
#define MW_SUB 2
#define MW_MUL 3
#define MW_DIV 4
#define MW_SQUARED_DIFFERENCE 5
#define MW_MINIMUM 6
#define MW_MAXIMUM 7
#define MW_FLOOR_DIV 8
#define MW_FLOOR_MOD 9

#endif
