# SPDX-License-Identifier: Apache-2.0
"""One file per operator: signature, numbered constraints, NumPy meaning, cost.

Every module of this package that has a module-level ``OPERATOR`` is an operator; the others are
the arithmetic that operators share. Adding an operator is adding a file.
"""

from milliwatt.ops.numerics import Numerics, Rounding
from milliwatt.ops.operator import Attribute, Call, Constraint, Operator, Signature, TypeRow
from milliwatt.ops.registry import find, operators, signature

__all__ = [
    "Attribute",
    "Call",
    "Constraint",
    "Numerics",
    "Operator",
    "Rounding",
    "Signature",
    "TypeRow",
    "find",
    "operators",
    "signature",
]
