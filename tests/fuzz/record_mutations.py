# SPDX-License-Identifier: Apache-2.0
"""Ways to make a well-formed file that no converter would write: one field of its records becomes odd.

Damaged bytes rarely get past the reader; these do, and try every rule behind it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from milliwatt.importers.tflite import schema
from milliwatt.importers.tflite.reader import read
from milliwatt.importers.tflite.records import (
    ModelRecord,
    OperatorRecord,
    OptionsRecord,
    QuantRecord,
    TensorRecord,
)
from milliwatt.ops import operators
from milliwatt.testing.tflite_writer import write_records

Random = np.random.Generator

INTEGERS = (-(2**31), -65536, -129, -3, -2, -1, 0, 1, 2, 3, 5, 127, 255, 65535, 65536, 2**30, 2**31 - 1)
FLOATS = (0.0, -0.0, -1.0, 1e-45, 1e-30, 0.5, 1.0, 3e38, float("inf"), float("nan"))
TYPES = (
    "FLOAT32",
    "FLOAT16",
    "INT32",
    "UINT8",
    "INT64",
    "STRING",
    "BOOL",
    "INT16",
    "INT8",
    "INT4",
    "RESOURCE",
)


def mutated(corpus: Sequence[bytes], seed: int) -> tuple[str, bytes]:
    """One odd file made from the corpus, and which. A value that its field cannot hold is drawn again."""
    random = np.random.default_rng(seed)
    source = int(random.integers(len(corpus)))
    model = read(corpus[source])
    while True:
        try:
            return f"file {source}, seed {seed}", write_records(mutate(model, random))
        except (TypeError, struct.error):
            continue


def mutate(model: ModelRecord, random: Random) -> ModelRecord:
    """The model with one to three odd fields, mostly in the main graph."""
    for _number in range(int(random.integers(1, 4))):
        number = 0 if random.random() < 0.9 else int(random.integers(len(model.subgraphs)))
        subgraph = model.subgraphs[number]
        tensors, operators_ = list(subgraph.tensors), list(subgraph.operators)
        if random.random() < 0.5 and tensors:
            index = int(random.integers(len(tensors)))
            tensors[index] = _pick(TENSOR_MUTATIONS, random)(tensors[index], random)
        elif operators_:
            index = int(random.integers(len(operators_)))
            operators_[index] = _pick(OPERATOR_MUTATIONS, random)(operators_[index], random)
            if random.random() < 0.05:
                operators_ = [operators_[int(place)] for place in random.permutation(len(operators_))]
        subgraphs = list(model.subgraphs)
        subgraphs[number] = replace(subgraph, tensors=tuple(tensors), operators=tuple(operators_))
        model = ModelRecord(tuple(subgraphs))
    return model


def _shape(tensor: TensorRecord, random: Random) -> TensorRecord:
    return replace(tensor, shape=_integers(tensor.shape, random))


def _type(tensor: TensorRecord, random: Random) -> TensorRecord:
    return replace(tensor, type=_pick(TYPES, random))


def _data(tensor: TensorRecord, random: Random) -> TensorRecord:
    size = (
        len(tensor.data) if tensor.data is not None else int(np.clip(np.prod(np.abs(tensor.shape)), 1, 4096))
    )
    contents = np.full(size, _pick((0, 1, 0x7F, 0x80, 0xFF), random), np.uint8)
    if random.random() < 0.5:
        contents = random.integers(0, 256, size).astype(np.uint8)
    if random.random() < 0.2:
        contents = contents[: int(random.integers(size + 1))]
    return replace(tensor, data=None if random.random() < 0.2 or not len(contents) else contents)


def _quant(tensor: TensorRecord, random: Random) -> TensorRecord:
    count = int(_pick((0, 1, 1, 2, 7), random))
    quant = tensor.quant or QuantRecord(np.ones(1, np.float32), np.zeros(1, np.int64), 0, "NONE")
    if random.random() < 0.4:
        quant = replace(quant, scale=np.array([_pick(FLOATS, random) for _ in range(count)], np.float32))
    if random.random() < 0.4:
        quant = replace(quant, zero_point=np.array([_pick(INTEGERS, random) for _ in range(count)], np.int64))
    if random.random() < 0.3:
        quant = replace(quant, dimension=int(_pick(INTEGERS, random)))
    return replace(tensor, quant=None if random.random() < 0.2 else quant)


def _flags(tensor: TensorRecord, random: Random) -> TensorRecord:
    if random.random() < 0.5:
        return replace(tensor, is_variable=not tensor.is_variable)
    return replace(tensor, shape_signature=_integers(tensor.shape, random))


def _op(operator: OperatorRecord, random: Random) -> OperatorRecord:
    names = sorted(set(operators()) & set(schema.enum_values("BuiltinOperator")))
    return replace(operator, op=str(_pick(names, random)))


def _inputs(operator: OperatorRecord, random: Random) -> OperatorRecord:
    return replace(operator, inputs=_indices(operator.inputs, random))


def _outputs(operator: OperatorRecord, random: Random) -> OperatorRecord:
    return replace(operator, outputs=_indices(operator.outputs, random))


def _options(operator: OperatorRecord, random: Random) -> OperatorRecord:
    if operator.options is None or random.random() < 0.1:
        return replace(operator, options=None)
    fields: dict[str, Any] = dict(operator.options.fields)
    if not fields:
        return operator
    name = str(_pick(sorted(fields), random))
    old = fields[name]
    if isinstance(old, bool):
        fields[name] = not old
    elif isinstance(old, int):
        fields[name] = int(_pick(INTEGERS, random))
    elif isinstance(old, float):
        fields[name] = float(_pick(FLOATS, random))
    elif isinstance(old, tuple):
        fields[name] = _integers(tuple(int(item) for item in old), random)
    return replace(operator, options=OptionsRecord(operator.options.table, MappingProxyType(fields)))


def _integers(old: tuple[int, ...], random: Random) -> tuple[int, ...]:
    numbers = list(old)
    choice = random.random()
    if choice < 0.6 and numbers:
        numbers[int(random.integers(len(numbers)))] = int(_pick(INTEGERS, random))
    elif choice < 0.75:
        numbers.insert(int(random.integers(len(numbers) + 1)), int(_pick((1, 1, 2, -1), random)))
    elif choice < 0.9 and numbers:
        del numbers[int(random.integers(len(numbers)))]
    else:
        numbers = [int(number) for number in random.permutation(numbers)]
    return tuple(numbers)


def _indices(old: tuple[int, ...], random: Random) -> tuple[int, ...]:
    numbers = list(old)
    if numbers and random.random() < 0.6:
        numbers[int(random.integers(len(numbers)))] = int(_pick((-2, -1, 0, 1, 2, 3, 1000), random))
        return tuple(numbers)
    return _integers(old, random)


def _pick(options: Any, random: Random) -> Any:
    return options[int(random.integers(len(options)))]


Change = Callable[..., Any]
TENSOR_MUTATIONS: tuple[Change, ...] = (_shape, _shape, _type, _data, _data, _quant, _quant, _flags)
OPERATOR_MUTATIONS: tuple[Change, ...] = (_op, _inputs, _outputs, _options, _options, _options)
