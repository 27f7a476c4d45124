# SPDX-License-Identifier: Apache-2.0
"""Ways to make a well-formed ONNX file that no exporter would write: one field becomes odd."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from onnx import AttributeProto, ModelProto, NodeProto, TensorProto
from onnx.helper import make_attribute

from milliwatt.importers.onnx.registry import handlers

Random = np.random.Generator

INTEGERS = (
    -(2**63),
    -(2**31),
    -65536,
    -3,
    -2,
    -1,
    0,
    1,
    2,
    3,
    5,
    127,
    255,
    65536,
    2**31 - 1,
    2**40,
    2**63 - 1,
)
FLOATS = (0.0, -1.0, 1e-45, 0.5, 1.0, 3e38, float("inf"), float("nan"))
WORDS = (
    "",
    "linear",
    "cubic",
    "SAME_UPPER",
    "reflect",
    "reverse",
    "bidirectional",
    "align_corners",
    "CRD",
    "odd",
)


def mutated(corpus: Sequence[bytes], seed: int) -> tuple[str, bytes]:
    """One odd file made from the corpus, and which."""
    random = np.random.default_rng(seed)
    source = int(random.integers(len(corpus)))
    model = ModelProto()
    model.ParseFromString(corpus[source])
    for _number in range(int(random.integers(1, 4))):
        _pick(MUTATIONS, random)(model, random)
    return f"file {source}, seed {seed}", model.SerializeToString()


def _node(model: ModelProto, random: Random) -> NodeProto:
    return model.graph.node[int(random.integers(len(model.graph.node)))]


def _op(model: ModelProto, random: Random) -> None:
    domain, op = _pick(tuple(handlers()), random)
    node = _node(model, random)
    node.op_type, node.domain = op, domain


def _inputs(model: ModelProto, random: Random) -> None:
    node = _node(model, random)
    names = [name for other in model.graph.node for name in (*other.input, *other.output)] or [""]
    if node.input and random.random() < 0.7:
        node.input[int(random.integers(len(node.input)))] = _pick((*names, "", "nowhere"), random)
    elif node.input and random.random() < 0.5:
        del node.input[int(random.integers(len(node.input)))]
    else:
        node.input.append(_pick(names, random))


def _outputs(model: ModelProto, random: Random) -> None:
    node = _node(model, random)
    if node.output and random.random() < 0.5:
        node.output[int(random.integers(len(node.output)))] = _pick(("", "odd", *node.input), random)
    else:
        node.output.append(f"odd{int(random.integers(3))}")


def _attribute(model: ModelProto, random: Random) -> None:
    node = _node(model, random)
    if not node.attribute:
        node.attribute.append(make_attribute(_pick(("axis", "group", "keepdims", "mode"), random), 1))
    item = _pick(node.attribute, random)
    match item.type:
        case AttributeProto.INT:
            item.i = _pick(INTEGERS, random)
        case AttributeProto.FLOAT:
            item.f = _pick(FLOATS, random)
        case AttributeProto.STRING:
            item.s = _pick(WORDS, random).encode()
        case AttributeProto.INTS if item.ints:
            if random.random() < 0.7:
                item.ints[int(random.integers(len(item.ints)))] = _pick(INTEGERS, random)
            else:
                item.ints.append(_pick(INTEGERS, random))
        case AttributeProto.TENSOR:
            _spoil(item.t, random)
        case _:
            item.type = _pick((AttributeProto.INT, AttributeProto.INTS, AttributeProto.STRING), random)


def _constant(model: ModelProto, random: Random) -> None:
    if model.graph.initializer:
        _spoil(_pick(model.graph.initializer, random), random)


def _spoil(tensor: TensorProto, random: Random) -> None:
    choice = random.random()
    if choice < 0.4 and tensor.dims:
        tensor.dims[int(random.integers(len(tensor.dims)))] = _pick(INTEGERS, random)
    elif choice < 0.6:
        tensor.data_type = int(random.integers(28))
    elif choice < 0.9 and tensor.raw_data:
        data = bytearray(tensor.raw_data)
        data[int(random.integers(len(data)))] = int(random.integers(256))
        tensor.raw_data = bytes(data)
    else:
        tensor.raw_data = bytes(int(random.integers(64)))


def _shape(model: ModelProto, random: Random) -> None:
    if not model.graph.input:
        return
    tensor = _pick(model.graph.input, random).type.tensor_type
    if random.random() < 0.2:
        tensor.elem_type = int(random.integers(20))
    elif tensor.shape.dim and random.random() < 0.8:
        tensor.shape.dim[int(random.integers(len(tensor.shape.dim)))].dim_value = _pick(INTEGERS, random)
    else:
        tensor.shape.dim.add().dim_value = _pick((1, 2, 3), random)


def _opset(model: ModelProto, random: Random) -> None:
    for item in model.opset_import:
        item.version = int(_pick((7, 9, 10, 11, 12, 13, 17, 18, 19, 21, 23, 1000), random))


def _to_constant(model: ModelProto, random: Random) -> None:
    """Make a computed tensor of zeros constant."""
    if len(model.graph.input) < 2:
        return
    place = int(random.integers(len(model.graph.input)))
    item = model.graph.input[place]
    extents = [extent.dim_value for extent in item.type.tensor_type.shape.dim]
    if 0 < np.prod(extents, dtype=np.float64) < 4096 and min(extents, default=1) >= 0:
        tensor = model.graph.initializer.add()
        tensor.name, tensor.data_type = item.name, item.type.tensor_type.elem_type
        tensor.dims.extend(extents)
        tensor.raw_data = bytes(8 * int(np.prod(extents)))
        del model.graph.input[place]


def _order(model: ModelProto, random: Random) -> None:
    nodes = [NodeProto.FromString(node.SerializeToString()) for node in model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes[int(place)] for place in random.permutation(len(nodes)))


def _pick(options: Any, random: Random) -> Any:
    return options[int(random.integers(len(options)))]


Change = Callable[[ModelProto, Random], None]
MUTATIONS: tuple[Change, ...] = (
    *(_attribute,) * 4,
    *(_inputs,) * 3,
    *(_constant,) * 3,
    *(_shape,) * 2,
    _op,
    _outputs,
    _opset,
    _to_constant,
    _order,
)
