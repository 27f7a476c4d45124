# SPDX-License-Identifier: Apache-2.0
"""Records -> a graph whose every node has been checked."""

from __future__ import annotations

from milliwatt.errors import MilliwattError, ModelError, UnsupportedError
from milliwatt.importers.tflite.options import read_attributes
from milliwatt.importers.tflite.records import ModelRecord, OperatorRecord, SubgraphRecord
from milliwatt.importers.tflite.refusals import refuse_builtin, refuse_custom
from milliwatt.importers.tflite.states import States
from milliwatt.importers.tflite.values import ReadAllowance, Values
from milliwatt.ir import Graph, Node
from milliwatt.ir.verify import findings
from milliwatt.ops import registry
from milliwatt.ops.check import check_node

_LABEL_LENGTH = 100


def build(model: ModelRecord, name: str) -> Graph:
    """The graph of the file's first subgraph, verified and with every node supported.

    Raises:
        ModelError: the file contradicts itself.
        UnsupportedError: the model uses something that milliwatt does not support.
    """
    builder = _Builder(model)
    graph = builder.graph(name)
    finding = next(findings(graph), None)
    if finding is not None:
        raise ModelError(finding.message, where=finding.where)
    for node, version in zip(graph.nodes, builder.versions, strict=True):
        _check(graph, node, version)
    return graph


def _check(graph: Graph, node: Node, version: int) -> None:
    """Check a node; a refusal also tells which version of the operator the file asks for."""
    try:
        check_node(graph, node)
    except UnsupportedError as error:
        note = f"the file uses version {version} of {node.op}"
        hint = f"{error.hint}; {note}" if error.hint else note
        raise UnsupportedError(error.message, where=error.where, hint=hint) from error


class _Builder:
    def __init__(self, model: ModelRecord) -> None:
        self._subgraph: SubgraphRecord = model.subgraphs[0]
        allowance = ReadAllowance()
        self._values = Values(self._subgraph, allowance)
        self._states = States(model, allowance)
        self._nodes: list[Node] = []
        self.versions: list[int] = []

    def graph(self, name: str) -> Graph:
        inputs = tuple(self._input(index) for index in self._subgraph.inputs)
        for number, operator in enumerate(self._subgraph.operators):
            self._operator(operator, self._place(number, operator))
        outputs = tuple(self._values.use(index, "graph outputs") for index in self._subgraph.outputs)
        if not outputs:
            raise ModelError("the model has no outputs")
        return Graph(
            name=name,
            values=self._values.types,
            constants=self._values.constants,
            inputs=inputs,
            outputs=outputs,
            nodes=tuple(self._nodes),
            states=self._states.finished(),
        )

    def _input(self, index: int) -> str:
        """A graph input. Only the batch may be left open in the file; it is then what ``shape`` says: 1."""
        record = self._values.record(index, "graph inputs")
        if any(extent < 0 for extent in record.shape_signature[1:]):
            raise UnsupportedError(
                f'input "{record.name}" has the dynamic shape {list(record.shape_signature)}',
                where="graph inputs",
                hint="convert the model with a fixed input shape",
            )
        return self._values.define(index, "graph inputs")

    def _place(self, number: int, operator: OperatorRecord) -> str:
        """``node 3: CONV_2D "first output"``; of names that the converter joined with ; only the first."""
        label = self._values.name(operator.outputs[0]) if operator.outputs else ""
        label = label.split(";")[0][:_LABEL_LENGTH]
        op = operator.custom if operator.op == "CUSTOM" else operator.op
        return f'node {number}: {op} "{label}"' if label else f"node {number}: {op}"

    def _operator(self, operator: OperatorRecord, where: str) -> None:
        match operator.op:
            case "VAR_HANDLE":
                self._states.bind(operator, where)
            case "CALL_ONCE":
                self._states.call_once(operator, where)
            case "READ_VARIABLE" | "ASSIGN_VARIABLE":
                self._variable(operator, where)
            case "DEQUANTIZE" if self._is_float16_constant(operator, where):
                self._values.define_widened(operator.inputs[0], operator.outputs[0], where)
            case _:
                self._compute(operator, where)

    def _is_float16_constant(self, operator: OperatorRecord, where: str) -> bool:
        if len(operator.inputs) != 1 or len(operator.outputs) != 1:
            return False
        record = self._values.record(operator.inputs[0], where)
        return record.type == "FLOAT16" and record.data is not None

    def _variable(self, operator: OperatorRecord, where: str) -> None:
        """READ_VARIABLE (handle) -> value; ASSIGN_VARIABLE (handle, value)."""
        registry.find(operator.op, where=where)
        reads = operator.op == "READ_VARIABLE"
        if (len(operator.inputs), len(operator.outputs)) != ((1, 1) if reads else (2, 0)):
            raise ModelError(f"{operator.op} has a wrong number of tensors", where=where)
        value = operator.outputs[0] if reads else operator.inputs[1]
        state = self._states.resource(self._values, operator.inputs[0], value, where)
        inputs = (None,) if reads else (None, self._values.use(value, where))
        outputs = (self._values.define(value, where),) if reads else ()
        self._append(Node(operator.op, inputs, outputs, states=(state,), source=where), operator)

    def _compute(self, operator: OperatorRecord, where: str) -> None:
        refuse_custom(operator, where)
        try:
            known = registry.find(operator.op, where=where)
        except MilliwattError:
            refuse_builtin(operator, where)
            raise
        if not known.tflite:
            raise UnsupportedError(f"TFLite's operator {operator.op} is not supported", where=where)
        attributes = read_attributes(known, operator, self._subgraph.tensors, where=where)
        inputs: list[str | None] = []
        states: list[str] = []
        for position, index in enumerate(operator.inputs):
            if index == -1:
                inputs.append(None)
            elif position in known.state_inputs:
                states.append(self._states.variable_tensor(self._values, index, where))
                inputs.append(None)
            else:
                inputs.append(self._values.use(index, where))
        outputs = tuple(self._values.define(index, where) for index in operator.outputs)
        node = Node(operator.op, tuple(inputs), outputs, attributes, tuple(states), source=where)
        self._append(node, operator)

    def _append(self, node: Node, operator: OperatorRecord) -> None:
        self._nodes.append(node)
        self.versions.append(operator.version)
