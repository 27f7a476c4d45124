# SPDX-License-Identifier: Apache-2.0
"""Graphs survive JSON without loss, and damaged JSON is an error of ours."""

from __future__ import annotations

import json

import numpy as np
import pytest

from milliwatt.errors import ModelError
from milliwatt.ir import DType, Graph, Node, Quant, State, TensorType
from milliwatt.ir.serialise import from_json, to_json, to_tree


def example() -> Graph:
    """Every element type, quantisation per channel, every kind of attribute, state."""
    rng = np.random.default_rng(0)
    values = {f"value {dtype.value}": TensorType(dtype, (2, 3)) for dtype in DType}
    arrays = {name: rng.integers(0, 2, (2, 3)).astype(kind.dtype.numpy) for name, kind in values.items()}
    arrays["value float32"] = np.array([[np.inf, -np.inf, np.nan], [-0.0, 1e-45, 0.1]], np.float32)
    quant = Quant(tuple(float(np.float32(scale)) for scale in (0.1, 3e38)), (0, -128), 0)
    values["x"] = TensorType(DType.INT8, (2, 3), quant)
    values["y"] = TensorType(DType.INT8, (), Quant((float(np.float32(1e-38)),), (7,)))
    attrs = {"i": 1, "f": 1.0, "b": True, "s": "SAME", "ints": (1, 2), "floats": (1.0, 0.5), "none": ()}
    node = Node("OP", ("x", None), ("y",), attrs, ("state",), 'node 0: OP "y"')
    state = State("state", values["x"], np.ones((2, 3), np.int8))
    return Graph("g", values, arrays, ("x",), ("y",), (node,), (state,))


def test_round_trip_is_exact() -> None:
    graph = example()
    again = from_json(to_json(graph))
    assert to_tree(again) == to_tree(graph)
    assert again.values == graph.values
    assert again.nodes == graph.nodes
    assert [type(value) for value in again.nodes[0].attrs.values()] == [
        int,
        float,
        bool,
        str,
        tuple,
        tuple,
        tuple,
    ]
    assert type(again.nodes[0].attrs["floats"][0]) is float
    for name, array in graph.constants.items():
        assert again.constants[name].tobytes() == array.tobytes()
        assert not again.constants[name].flags.writeable
    assert again.states[0].initial.tobytes() == graph.states[0].initial.tobytes()


def test_equal_graphs_give_equal_text() -> None:
    assert to_json(example()) == to_json(example())


def damaged() -> dict[str, str]:
    """Texts that are no graph."""
    text = to_json(example())
    tree = to_tree(example())
    return {
        "empty": "",
        "cut": text[: len(text) // 2],
        "list": "[]",
        "number": "1",
        "another format": json.dumps({"format": "x", "version": 1}),
        "another version": json.dumps({**tree, "version": 2}),
        "element type": text.replace('"int8"', '"int5"'),
        "not base64": json.dumps({**tree, "constants": {"value int8": "?"}}),
        "too short": json.dumps({**tree, "constants": {"value int8": "AAAA"}}),
        "unknown constant": json.dumps({**tree, "constants": {"nobody": "AAAA"}}),
        "nodes": json.dumps({**tree, "nodes": [1]}),
        "huge shape": json.dumps({**tree, "values": {"v": {"dtype": "int8", "shape": [10**30]}}}),
        "deep": "[" * 100_000,
    }


@pytest.mark.parametrize("case", damaged())
def test_damaged_text_is_a_model_error(case: str) -> None:
    with pytest.raises(ModelError):
        from_json(damaged()[case])
