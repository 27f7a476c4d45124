# SPDX-License-Identifier: Apache-2.0
"""Graphs as JSON and back, without loss: ``from_json(to_json(graph))`` equals the graph, arrays included.

Arrays are base64 of their little-endian bytes. Floats are written with enough digits to read back the
same value; the infinities and NaN, which JSON lacks, may only stand in arrays. Attributes keep their
Python type: a tuple of floats is told from one of integers by its own key.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from typing import Any

import numpy as np

from milliwatt.errors import ModelError
from milliwatt.ir.graph import Array, AttrValue, Graph, Node, State
from milliwatt.ir.types import DType, Quant, TensorType, frozen

FORMAT = "milliwatt graph"
VERSION = 1

_DAMAGE = (
    KeyError,
    IndexError,
    TypeError,
    ValueError,
    AttributeError,
    RecursionError,
    OverflowError,
    binascii.Error,
)


def to_json(graph: Graph) -> str:
    """The graph as JSON text, the same for equal graphs."""
    return json.dumps(to_tree(graph), allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def from_json(text: str) -> Graph:
    """The graph of a JSON text made by `to_json`. It is not verified yet.

    Raises:
        ModelError: the text is damaged, or another version's.
    """
    try:
        tree = json.loads(text)
        if tree["format"] != FORMAT or tree["version"] != VERSION:
            raise ModelError(f"this is not a {FORMAT} of version {VERSION}")
        return _graph(tree)
    except _DAMAGE as error:
        raise ModelError(f"the graph's JSON is damaged: {error!r}") from error


def to_tree(graph: Graph) -> dict[str, Any]:
    """The graph as dictionaries, lists, strings and numbers."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "name": graph.name,
        "values": {name: _type_tree(kind) for name, kind in graph.values.items()},
        "constants": {name: _array_text(array) for name, array in graph.constants.items()},
        "states": [
            {"name": state.name, "type": _type_tree(state.type), "initial": _array_text(state.initial)}
            for state in graph.states
        ],
        "inputs": list(graph.inputs),
        "outputs": list(graph.outputs),
        "nodes": [_node_tree(node) for node in graph.nodes],
    }


def _type_tree(kind: TensorType) -> dict[str, Any]:
    tree: dict[str, Any] = {"dtype": kind.dtype.value, "shape": list(kind.shape)}
    if kind.quant is not None:
        quant = kind.quant
        tree["quant"] = {"scale": list(quant.scale), "zero_point": list(quant.zero_point), "axis": quant.axis}
    return tree


def _array_text(array: Array) -> str:
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return base64.b64encode(little.tobytes()).decode("ascii")


def _node_tree(node: Node) -> dict[str, Any]:
    return {
        "op": node.op,
        "inputs": list(node.inputs),
        "outputs": list(node.outputs),
        "attrs": {name: _attr_tree(value) for name, value in node.attrs.items()},
        "states": list(node.states),
        "source": node.source,
    }


def _attr_tree(value: AttrValue) -> Any:
    if not isinstance(value, tuple):
        return value
    return {"floats" if value and isinstance(value[0], float) else "ints": list(value)}


def _graph(tree: Any) -> Graph:
    values = {str(name): _type(item) for name, item in tree["values"].items()}
    return Graph(
        name=_text(tree["name"]),
        values=values,
        constants={name: _array(text, values[name]) for name, text in tree["constants"].items()},
        inputs=tuple(map(_text, tree["inputs"])),
        outputs=tuple(map(_text, tree["outputs"])),
        nodes=tuple(_node(item) for item in tree["nodes"]),
        states=tuple(_state(item) for item in tree["states"]),
    )


def _type(tree: Any) -> TensorType:
    quant = tree.get("quant")
    return TensorType(
        DType(tree["dtype"]),
        tuple(map(_integer, tree["shape"])),
        None if quant is None else _quant(quant),
    )


def _quant(tree: Any) -> Quant:
    scales = tuple(float(scale) for scale in tree["scale"])
    axis = tree["axis"]
    return Quant(scales, tuple(map(_integer, tree["zero_point"])), None if axis is None else _integer(axis))


def _state(tree: Any) -> State:
    kind = _type(tree["type"])
    return State(_text(tree["name"]), kind, _array(tree["initial"], kind))


def _array(text: Any, kind: TensorType) -> Array:
    data = base64.b64decode(_text(text), validate=True)
    if len(data) != math.prod(kind.shape) * kind.dtype.bytes:
        raise ValueError("an array has another size than its type")
    array = np.frombuffer(data, kind.dtype.numpy.newbyteorder("<")).reshape(kind.shape)
    return frozen(array.astype(kind.dtype.numpy))


def _node(tree: Any) -> Node:
    return Node(
        op=_text(tree["op"]),
        inputs=tuple(None if name is None else _text(name) for name in tree["inputs"]),
        outputs=tuple(map(_text, tree["outputs"])),
        attrs={_text(name): _attr(item) for name, item in tree["attrs"].items()},
        states=tuple(map(_text, tree["states"])),
        source=_text(tree["source"]),
    )


def _attr(item: Any) -> AttrValue:
    if isinstance(item, bool | int | float | str):
        return item
    if "floats" in item:
        return tuple(float(number) for number in item["floats"])
    return tuple(map(_integer, item["ints"]))


def _text(item: Any) -> str:
    if not isinstance(item, str):
        raise TypeError(f"{item!r} is not a string")
    return item


def _integer(item: Any) -> int:
    if type(item) is not int:
        raise TypeError(f"{item!r} is not an integer")
    return item
