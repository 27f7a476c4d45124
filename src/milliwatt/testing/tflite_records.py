# SPDX-License-Identifier: Apache-2.0
"""A graph -> the records of a .tflite file: the inverse of `milliwatt.importers.tflite.build`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from milliwatt.errors import UsageError
from milliwatt.importers.tflite import schema
from milliwatt.importers.tflite.options import INTERMEDIATE_SCALES, INTERMEDIATE_ZERO_POINTS
from milliwatt.importers.tflite.records import (
    FieldValue,
    ModelRecord,
    OperatorRecord,
    OptionsRecord,
    QuantRecord,
    SubgraphRecord,
    TensorRecord,
)
from milliwatt.importers.tflite.values import zeros
from milliwatt.ir import AttrValue, Graph, Node, Quant, State, TensorType
from milliwatt.ir.graph import Array
from milliwatt.ops import find
from milliwatt.ops.operator import Attribute, Operator

_VARIABLES = ("READ_VARIABLE", "ASSIGN_VARIABLE")


def records(graph: Graph) -> ModelRecord:
    """The records of a .tflite file that means the same as the graph.

    Raises:
        UsageError: the graph has something that the format cannot say.
    """
    return _Recorder(graph).model()


def tensor_record(
    name: str, kind: TensorType, array: Array | None = None, *, variable: bool = False
) -> TensorRecord:
    """The record of one tensor, with contents when ``array`` is given."""
    contents = None if array is None else np.frombuffer(np.ascontiguousarray(array).tobytes(), np.uint8)
    return TensorRecord(
        name=name,
        type=kind.dtype.name,
        shape=kind.shape,
        shape_signature=(),
        data=contents,
        quant=None if kind.quant is None else _quant_record(kind.quant),
        is_variable=variable,
        is_sparse=False,
    )


def operator_record(
    op: str,
    inputs: tuple[int, ...],
    outputs: tuple[int, ...],
    *,
    intermediates: tuple[int, ...] = (),
    options: OptionsRecord | None = None,
) -> OperatorRecord:
    """The record of one use of an operator. LiteRT's kernels accept version 1 whatever the types, but for one."""
    version = 2 if op == "BROADCAST_TO" else 1
    return OperatorRecord(op, "", version, inputs, outputs, intermediates, options)


def options_record(op: str, fields: Mapping[str, FieldValue]) -> OptionsRecord | None:
    """An operator's options table with those fields, or None when the operator has no table.

    Raises:
        UsageError: fields are given for an operator without a table.
    """
    table = schema.options_table(op)
    if table is None:
        if fields:
            raise UsageError(f"{op} has no options table in TFLite for {', '.join(fields)}")
        return None
    return OptionsRecord(table, MappingProxyType(dict(fields)))


class _Recorder:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._tensors: list[TensorRecord] = []
        self._index: dict[str, int] = {}
        self._operators: list[OperatorRecord] = []
        for name, kind in graph.values.items():
            self._index[name] = self._add(tensor_record(name, kind, graph.constants.get(name)))
        used = {name for node in graph.nodes if node.op in _VARIABLES for name in node.states}
        self._resources = [state for state in graph.states if state.name in used]
        self._variables = {
            state.name: self._add(_variable_record(state)) for state in graph.states if state.name not in used
        }

    def model(self) -> ModelRecord:
        if self._resources:
            fields = {"InitSubgraphIndex": 1}
            self._operators.append(
                operator_record("CALL_ONCE", (), (), options=options_record("CALL_ONCE", fields))
            )
        handles = {state.name: self._add(_HANDLE) for state in self._resources}
        self._operators.extend(_bind(state.name, handles[state.name]) for state in self._resources)
        for node in self._graph.nodes:
            self._operators.append(self._operator(node, handles))
        main = SubgraphRecord(
            tensors=tuple(self._tensors),
            inputs=tuple(self._index[name] for name in self._graph.inputs),
            outputs=tuple(self._index[name] for name in self._graph.outputs),
            operators=tuple(self._operators),
        )
        return ModelRecord((main, _initialisation(self._resources)) if self._resources else (main,))

    def _add(self, record: TensorRecord) -> int:
        self._tensors.append(record)
        return len(self._tensors) - 1

    def _operator(self, node: Node, handles: Mapping[str, int]) -> OperatorRecord:
        inputs = [-1 if name is None else self._index[name] for name in node.inputs]
        outputs = tuple(self._index[name] for name in node.outputs)
        if node.op in _VARIABLES:
            inputs[0] = handles[node.states[0]]
            return operator_record(node.op, tuple(inputs), outputs, options=options_record(node.op, {}))
        operator = find(node.op)
        if not operator.tflite or node.op not in schema.enum_values("BuiltinOperator"):
            raise UsageError(f"TFLite has no {node.op}", where=node.source)
        for position, state in zip(sorted(operator.state_inputs), node.states, strict=False):
            inputs[position] = self._variables[state]
        attributes = operator.filled(node)
        return operator_record(
            node.op,
            tuple(inputs),
            outputs,
            intermediates=self._intermediates(attributes),
            options=options_record(node.op, _fields(node, operator, attributes)),
        )

    def _intermediates(self, attributes: Mapping[str, AttrValue]) -> tuple[int, ...]:
        """The tensors that say how intermediate results are quantised; they have no shape and no contents."""
        scales, zero_points = (
            attributes.get(INTERMEDIATE_SCALES, ()),
            attributes.get(INTERMEDIATE_ZERO_POINTS, ()),
        )
        assert isinstance(scales, tuple)
        assert isinstance(zero_points, tuple)
        indices = []
        for scale, zero_point in zip(scales, zero_points, strict=True):
            quant = _quant_record(Quant((scale,), (int(zero_point),))) if scale else None
            name = f"intermediate_{len(self._tensors)}"
            kind = "FLOAT32" if quant is None else "INT8"
            indices.append(self._add(TensorRecord(name, kind, (0,), (), None, quant, False, False)))
        return tuple(indices)


_HANDLE = TensorRecord("handle", "RESOURCE", (), (), None, None, False, False)


def _variable_record(state: State) -> TensorRecord:
    if not np.array_equal(state.initial, zeros(state.type)):
        raise UsageError(
            f'the variable tensor "{state.name}" cannot start with contents of its own in TFLite'
        )
    return tensor_record(state.name, state.type, variable=True)


def _bind(name: str, handle: int) -> OperatorRecord:
    return operator_record(
        "VAR_HANDLE", (), (handle,), options=options_record("VAR_HANDLE", {"SharedName": name})
    )


def _initialisation(states: list[State]) -> SubgraphRecord:
    """The subgraph that assigns each resource variable its initial contents."""
    tensors: list[TensorRecord] = []
    operators: list[OperatorRecord] = []
    for state in states:
        handle, value = len(tensors), len(tensors) + 1
        tensors += [_HANDLE, tensor_record(f"{state.name}_initial", state.type, state.initial)]
        operators.append(_bind(state.name, handle))
        operators.append(
            operator_record(
                "ASSIGN_VARIABLE", (handle, value), (), options=options_record("ASSIGN_VARIABLE", {})
            )
        )
    return SubgraphRecord(tuple(tensors), (), (), tuple(operators))


def _quant_record(quant: Quant) -> QuantRecord:
    return QuantRecord(
        scale=np.array(quant.scale, np.float32),
        zero_point=np.array(quant.zero_point, np.int64),
        dimension=quant.axis or 0,
        details="NONE",
    )


def _fields(node: Node, operator: Operator, attributes: Mapping[str, AttrValue]) -> dict[str, FieldValue]:
    """The attributes as fields of the options table. What TFLite has no field for must be at its default."""
    table = schema.options_table(node.op)
    fields: dict[str, FieldValue] = {}
    for name, attribute in operator.attributes.items():
        if table is not None and schema.has_field(table, name):
            fields[schema.field_name(name)] = _field(attribute, attributes[name])
        elif (
            name not in (INTERMEDIATE_SCALES, INTERMEDIATE_ZERO_POINTS)
            and attributes[name] != attribute.default
        ):
            raise UsageError(
                f"TFLite has no field for {name} = {attributes[name]!r} of {node.op}", where=node.source
            )
    return fields


def _field(attribute: Attribute, value: AttrValue) -> FieldValue:
    return schema.enum_values(attribute.enum)[str(value)] if attribute.kind == "enum" else value
