# SPDX-License-Identifier: Apache-2.0
"""The printed form of a graph, held to the letter."""

from __future__ import annotations

import numpy as np

from milliwatt.ir import DType, Graph, Node, Quant, State, TensorType
from milliwatt.ir.printer import format_graph

EXPECTED = """\
graph example
  input   %x: int8[1, 4] q(0.5, -3)
  const   %w: int8[2, 4] q/0×2 = [[0, 1, 2, 3], [4, 5, 6, 7]]
  const   %big: float32[3, 3] = 0.0 … 8.0, 36 bytes
  state   s: int8[1, 4] q(0.5, -3) = [[0, 0, 0, 0]]
  node 0  %y: int8[1, 2] q(0.25, 0) = FULLY_CONNECTED(%x, %w, none; keep_num_dims=False, pads=[1, 2])
  node 1  ASSIGN_VARIABLE(none, %x) [s]
  output  %y
"""


def test_format_graph() -> None:
    kind = TensorType(DType.INT8, (1, 4), Quant((0.5,), (-3,)))
    graph = Graph(
        name="example",
        values={
            "x": kind,
            "w": TensorType(DType.INT8, (2, 4), Quant((0.5, 0.25), (0, 0), 0)),
            "big": TensorType(DType.FLOAT32, (3, 3)),
            "y": TensorType(DType.INT8, (1, 2), Quant((0.25,), (0,))),
        },
        constants={
            "w": np.arange(8, dtype=np.int8).reshape(2, 4),
            "big": np.arange(9, dtype=np.float32).reshape(3, 3),
        },
        inputs=("x",),
        outputs=("y",),
        nodes=(
            Node("FULLY_CONNECTED", ("x", "w", None), ("y",), {"keep_num_dims": False, "pads": (1, 2)}),
            Node("ASSIGN_VARIABLE", (None, "x"), (), states=("s",)),
        ),
        states=(State("s", kind, np.zeros((1, 4), np.int8)),),
    )
    assert format_graph(graph) == EXPECTED
