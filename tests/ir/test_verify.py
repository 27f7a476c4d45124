# SPDX-License-Identifier: Apache-2.0
"""Every rule of the structural verifier, each broken once in a graph that is sound otherwise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from milliwatt.errors import InternalError
from milliwatt.ir import DType, Graph, Node, Quant, State, TensorType
from milliwatt.ir.verify import findings, verify

BYTE = TensorType(DType.INT8, (1, 4), Quant((0.5,), (3,)))


def sound() -> Graph:
    """input x and constant c -> ADD -> y -> RELU, which writes the state s -> z."""
    return Graph(
        name="sound",
        values={"x": BYTE, "c": BYTE, "y": BYTE, "z": BYTE},
        constants={"c": np.zeros((1, 4), np.int8)},
        inputs=("x",),
        outputs=("z",),
        nodes=(
            Node("ADD", ("x", "c"), ("y",), source="node 0"),
            Node("RELU", ("y", None), ("z",), states=("s",), source="node 1"),
        ),
        states=(State("s", BYTE, np.zeros((1, 4), np.int8)),),
    )


def with_type(kind: TensorType) -> Graph:
    """The sound graph with another type for x."""
    graph = sound()
    return graph.replace(values={**graph.values, "x": kind})


def with_nodes(*nodes: Node) -> Graph:
    """The sound graph with other nodes."""
    return sound().replace(nodes=nodes)


FIRST, SECOND = sound().nodes

BROKEN: dict[str, tuple[Callable[[], Graph], str]] = {
    "empty extent": (lambda: with_type(TensorType(DType.INT8, (1, 0))), "at least 1"),
    "quantised float": (
        lambda: with_type(TensorType(DType.FLOAT32, (1,), Quant((0.5,), (0,)))),
        "cannot be quantised",
    ),
    "infinite scale": (
        lambda: with_type(TensorType(DType.INT8, (1,), Quant((float("inf"),), (0,)))),
        "finite",
    ),
    "negative scale": (lambda: with_type(TensorType(DType.INT8, (1,), Quant((-0.5,), (0,)))), "positive"),
    "double scale": (lambda: with_type(TensorType(DType.INT8, (1,), Quant((0.1,), (0,)))), "float32"),
    "zero point": (
        lambda: with_type(TensorType(DType.UINT8, (1,), Quant((0.5,), (-1,)))),
        "outside the range 0 to 255",
    ),
    "no axis": (
        lambda: with_type(TensorType(DType.INT8, (2,), Quant((0.5, 0.5), (0, 0)))),
        "no quantised axis",
    ),
    "axis": (lambda: with_type(TensorType(DType.INT8, (2,), Quant((0.5, 0.5), (0, 0), 1))), "axis 1"),
    "slices": (lambda: with_type(TensorType(DType.INT8, (3,), Quant((0.5, 0.5), (0, 0), 0))), "3 slices"),
    "constant's shape": (
        lambda: sound().replace(constants={"c": np.zeros((4, 1), np.int8)}),
        "but its type says",
    ),
    "constant's type": (
        lambda: sound().replace(constants={"c": np.zeros((1, 4), np.uint8)}),
        "but its type says",
    ),
    "constant unknown": (
        lambda: sound().replace(constants={**sound().constants, "d": np.zeros(1, np.int8)}),
        '"d" is not a value',
    ),
    "input unknown": (lambda: sound().replace(inputs=("x", "w")), '"w" is not a value'),
    "input constant": (lambda: sound().replace(inputs=("x", "c")), '"c" is defined twice'),
    "input twice": (lambda: sound().replace(inputs=("x", "x")), '"x" is defined twice'),
    "order": (lambda: with_nodes(SECOND, FIRST), 'reads "y", which nothing before'),
    "defined twice": (lambda: with_nodes(FIRST, FIRST, SECOND), 'defines "y" a second time'),
    "defined twice at once": (
        lambda: with_nodes(Node("SPLIT", ("x",), ("y", "y")), SECOND),
        'defines "y" a second time',
    ),
    "value unknown": (
        lambda: with_nodes(Node("ADD", ("x", "c"), ("v",)), FIRST, SECOND),
        '"v", which is not a value',
    ),
    "output missing": (lambda: with_nodes(FIRST), 'output "z" is never defined'),
    "orphan": (lambda: sound().replace(values={**sound().values, "o": BYTE}), '"o" is never defined'),
    "state unknown": (lambda: sound().replace(states=()), 'state "s", which the graph does not have'),
    "state twice": (lambda: sound().replace(states=sound().states * 2), 'state "s" is defined twice'),
    "state's array": (
        lambda: sound().replace(states=(State("s", BYTE, np.zeros(4, np.int8)),)),
        "but its type says",
    ),
}


def test_a_sound_graph_is_returned() -> None:
    graph = sound()
    assert verify(graph) is graph


@pytest.mark.parametrize("case", BROKEN)
def test_broken_rule_is_found(case: str) -> None:
    make, text = BROKEN[case]
    graph = make()
    assert any(text in finding.message for finding in findings(graph)), [
        item.message for item in findings(graph)
    ]
    with pytest.raises(InternalError):
        verify(graph)


def test_findings_name_the_place() -> None:
    finding = next(findings(with_nodes(SECOND, FIRST)))
    assert finding.where == "node 1"
