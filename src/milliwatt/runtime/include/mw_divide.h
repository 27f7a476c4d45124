/* SPDX-License-Identifier: Apache-2.0 */
/* Quotients and remainders of integers. Division by 0 gives 0, and what overflows wraps. */
#ifndef MW_DIVIDE_H
#define MW_DIVIDE_H

#include "mw_operation.h"

/* DIV goes towards zero, FLOOR_DIV down, and FLOOR_MOD is what FLOOR_DIV leaves. */
MW_INLINE int32_t mw_divide(int32_t operation, int32_t dividend, int32_t divisor)
{
    int32_t quotient;
    int32_t remainder;
    if (divisor == 0) {
        return 0;
    }
    if (divisor == -1) {
        return operation == MW_FLOOR_MOD ? 0 : (int32_t)(0u - (uint32_t)dividend);
    }
    quotient = dividend / divisor;
    remainder = dividend - quotient * divisor;
    if (operation != MW_DIV && remainder != 0 && (remainder < 0) != (divisor < 0)) {
        quotient--;
        remainder += divisor;
    }
    return operation == MW_FLOOR_MOD ? remainder : quotient;
}

#endif
