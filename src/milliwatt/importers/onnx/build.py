# SPDX-License-Identifier: Apache-2.0
"""Records -> a graph whose every node has been checked."""

from __future__ import annotations

import warnings

import numpy as np

from milliwatt.errors import ModelError, UnsupportedError, UsageError
from milliwatt.importers import ImportNotice
from milliwatt.importers.graph_builder import GraphBuilder
from milliwatt.importers.onnx.evaluate import Folder
from milliwatt.importers.onnx.inline import inlined
from milliwatt.importers.onnx.names import tensor_names
from milliwatt.importers.onnx.records import GraphRecord, ModelRecord, NodeRecord, ValueRecord
from milliwatt.importers.onnx.registry import handler
from milliwatt.importers.onnx.site import Result, Scope, Site, stored_type
from milliwatt.importers.request import Request
from milliwatt.ir import Graph, Shape, TensorType

OLDEST_OPSET = 7
MAX_BRANCH_DEPTH = 16

_LABEL_LENGTH = 100

# What handlers may raise on a node that no exporter would write: no inputs, an axis too few, a division by zero, …
_MALFORMED = (ArithmeticError, AttributeError, LookupError, MemoryError, TypeError, ValueError)


def build(model: ModelRecord, name: str, request: Request) -> Graph:
    """The graph of the file, verified and with every node supported; still in the model's float form.

    Raises:
        ModelError: the file contradicts itself.
        UnsupportedError: the model uses something that milliwatt does not support.
        UsageError: the user names an input that the model does not have.
    """
    opset = model.opsets.get("", OLDEST_OPSET)
    if opset < OLDEST_OPSET:
        raise UnsupportedError(
            f"the model uses ONNX operator set {opset}; {OLDEST_OPSET} is the oldest that is read",
            hint="convert it with onnx.version_converter, or export it again",
        )
    return _Importer(model).graph(name, request)


class _Importer:
    def __init__(self, model: ModelRecord) -> None:
        self._model = model
        self._nodes = inlined(model)
        self._names = tensor_names(model.graph, self._nodes)
        self._build = GraphBuilder(reserved=self._names.values())
        self._scope = Scope(self._build)
        self._folder = Folder(model.opsets)
        self._taken: set[str] = set()
        """Values that bear the name of a tensor of the model."""

    def graph(self, name: str, request: Request) -> Graph:
        record = self._model.graph
        self._scope.constants.update(record.constants)
        inputs = [item for item in record.inputs if item.name not in record.constants]
        _check_request(request, inputs)
        for index, item in enumerate(inputs):
            self._input(item, request.shape_of(item.name, index))
        for number, node in enumerate(self._nodes):
            self._node(node, _place(number, node), 0)
        outputs = [self._output(item.name) for item in record.outputs]
        return self._build.graph(name, outputs)

    def _input(self, record: ValueRecord, wanted: Shape | None) -> None:
        where = f'input "{record.name}"'
        if record.dtype is None:
            raise ModelError("an input has no element type", where=where)
        shape = wanted if wanted is not None else _static_shape(record, where)
        if wanted is not None and not _compatible(record, wanted):
            raise UsageError(
                f"the shape {list(wanted)} does not fit what the model says: {_shape_text(record)}",
                where=where,
            )
        kind = TensorType(stored_type(record.dtype), shape)
        if kind.dtype.value != record.dtype.name:
            warnings.warn(
                f"{where} is {record.dtype.name}; it becomes {kind.dtype.value}", ImportNotice, stacklevel=2
            )
        if not record.name or record.name in self._scope.values:
            raise ModelError("an input has no name, or the name of another", where=where)
        self._build.source = where
        value = self._build.input(self._names[record.name], kind)
        self._scope.values[record.name] = value
        self._taken.add(value)

    def _node(self, node: NodeRecord, where: str, depth: int) -> None:
        if not any(node.outputs):
            return
        self._build.source = where
        site = Site(node, where, self._model.opsets.get(node.domain, 0), self._scope)
        if node.op == "If" and node.domain == "":
            self._branch(site, depth)
            return
        for name, result in zip(node.outputs, self._results(site), strict=False):
            if name and result is not None:
                self._define(name, result, where)

    def _results(self, site: Site) -> tuple[Result, ...]:
        node = site.node
        if self._folder.folds(node) and node.inputs:
            arrays = [self._scope.constants.get(name) for name in node.inputs]
            if all(array is not None or not name for array, name in zip(arrays, node.inputs, strict=True)):
                return self._folder.evaluated(node, arrays, site.where)
        handle = handler(site)
        try:
            results = handle(site)
        except _MALFORMED as error:
            raise site.damage(f"{node.op} is malformed ({error!r})") from error
        return results if isinstance(results, tuple) else (results,)

    def _define(self, name: str, result: Result, where: str) -> None:
        if name in self._scope.values or name in self._scope.constants:
            raise ModelError(f'the tensor "{name}" is made twice', where=where)
        if isinstance(result, np.ndarray):
            self._scope.constants[name] = result
        elif result is not None:
            if result not in self._taken and self._build.producer(result) is not None:
                result = self._build.rename(result, self._names[name])
                self._taken.add(result)
            self._scope.values[name] = result

    def _branch(self, site: Site, depth: int) -> None:
        """An If whose condition is known: the nodes of the branch that is taken."""
        condition = site.known(0, "condition")
        taken = site.node.attributes.get(
            "then_branch" if bool(condition.reshape(-1)[:1].any()) else "else_branch"
        )
        if not isinstance(taken, GraphRecord) or len(taken.outputs) < len(site.node.outputs):
            raise site.damage("If lacks a branch, or the branch lacks an output")
        if depth >= MAX_BRANCH_DEPTH:
            raise site.refusal("If is nested too deep")
        for name, array in taken.constants.items():
            self._define(name, array, site.where)
        for number, node in enumerate(taken.nodes):
            self._node(node, f"{site.where}, {_place(number, node)}", depth + 1)
        for name, output in zip(site.node.outputs, taken.outputs, strict=False):
            constant = self._scope.constants.get(output.name)
            self._define(name, site.named(output.name) if constant is None else constant, site.where)

    def _output(self, name: str) -> str:
        """A value of its own for a graph output: one that another input or output has, or a constant, is copied."""
        self._build.source = f'output "{name}"'
        site = Site(NodeRecord("output", "", "", (name,), (), {}), self._build.source, 0, self._scope)
        value = site.value(0)
        if self._build.producer(value) is None or value != self._names[name]:
            shape = self._build.shape_of(value)
            copy = self._build.node("RESHAPE", [value], {"new_shape": shape}, stem=f"{value}.output")
            value = self._build.rename(copy, self._names[name])
        return value


def _place(number: int, node: NodeRecord) -> str:
    """``node 3: Conv "name"``; a node without a name is told by its first output."""
    label = (node.name or next(filter(None, node.outputs), ""))[:_LABEL_LENGTH]
    return f'node {number}: {node.op} "{label}"' if label else f"node {number}: {node.op}"


def _check_request(request: Request, inputs: list[ValueRecord]) -> None:
    known = {"", *(item.name for item in inputs)}
    unknown = [name for name in request.input_shapes if name not in known]
    if unknown:
        raise UsageError(
            f'the model has no input "{unknown[0]}"',
            hint=f"its inputs are {', '.join(item.name for item in inputs)}",
        )


def _static_shape(record: ValueRecord, where: str) -> Shape:
    """The shape in the file; an open first extent, which is the batch, becomes 1."""
    if record.shape is None:
        raise UnsupportedError(
            "the model does not say the shape of an input", where=where, hint="give it with --input-shape"
        )
    extents = list(record.shape)
    if extents and not _is_known(extents[0]):
        warnings.warn(
            f"{where} has the shape {_shape_text(record)}; the batch is fixed to 1",
            ImportNotice,
            stacklevel=2,
        )
        extents[0] = 1
    if not all(map(_is_known, extents)):
        raise UnsupportedError(
            f"an input has the dynamic shape {_shape_text(record)}",
            where=where,
            hint=f"give it with --input-shape, for example --input-shape {record.name}=1x3x32x32",
        )
    return tuple(int(extent) for extent in extents if isinstance(extent, int))


def _is_known(extent: object) -> bool:
    return isinstance(extent, int) and extent > 0


def _compatible(record: ValueRecord, wanted: Shape) -> bool:
    if record.shape is None:
        return True
    pairs = zip(record.shape, wanted, strict=False)
    return len(record.shape) == len(wanted) and all(
        not _is_known(said) or said == chosen for said, chosen in pairs
    )


def _shape_text(record: ValueRecord) -> str:
    shape = record.shape or ()
    return f"[{', '.join('?' if extent is None else str(extent) for extent in shape)}]"
