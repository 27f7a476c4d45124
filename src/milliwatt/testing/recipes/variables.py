# SPDX-License-Identifier: Apache-2.0
"""READ_VARIABLE and ASSIGN_VARIABLE."""

from __future__ import annotations

from milliwatt.ir import DType, State
from milliwatt.ops.strided_view import MOVABLE
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.recipe import Recipe


def read_then_assign(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """A delay: the output is the value of the run before."""
    data = build.value(dtype)
    kind = build.type_of(data)
    state = State(f"variable_{build.integer(0, 1 << 30)}", kind, build.sample(kind))
    outputs = build.node("READ_VARIABLE", (None,), dtype=dtype, quant=kind.quant, states=(state,))
    build.node("ASSIGN_VARIABLE", (None, data), dtype=(), states=(state,))
    return outputs


RECIPES = (
    Recipe("READ_VARIABLE", read_then_assign, (*MOVABLE,)),
    Recipe("ASSIGN_VARIABLE", read_then_assign, (*MOVABLE,)),
)
