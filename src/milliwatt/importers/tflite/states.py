# SPDX-License-Identifier: Apache-2.0
"""What a model keeps between two runs: variable tensors and resource variables -> IR states.

TFLite has two kinds. *Variable tensors* (``is_variable``) are inputs that an operator such as SVDF updates
in place. *Resource variables* are named: VAR_HANDLE makes a handle, READ_VARIABLE and ASSIGN_VARIABLE use
it, and CALL_ONCE runs another subgraph that assigns the initial contents before the first run.
"""

from __future__ import annotations

from collections.abc import Sequence

from milliwatt.errors import ModelError, UnsupportedError
from milliwatt.importers.tflite.records import ModelRecord, OperatorRecord
from milliwatt.importers.tflite.values import Array, ReadAllowance, Values, zeros
from milliwatt.ir import State, TensorType

MAX_STATE_BYTES = 128 * 2**20


class States:
    """The states of the graph under construction."""

    def __init__(self, model: ModelRecord, allowance: ReadAllowance) -> None:
        self._model = model
        self._allowance = allowance
        self._called: set[int] = set()
        self._handles: dict[int, str] = {}
        self._types: dict[str, TensorType] = {}
        self._initial: dict[str, Array] = {}

    def finished(self) -> tuple[State, ...]:
        """All states, in the order of first use.

        Raises:
            ModelError: an initial value has another type than its variable, or all are too large.
        """
        if sum(kind.bytes for kind in self._types.values()) > MAX_STATE_BYTES:
            raise ModelError("the model's variables take more than 128 MiB")
        for name, array in self._initial.items():
            kind = self._types.get(name)
            if kind is not None and (array.shape, array.dtype) != (kind.shape, kind.dtype.numpy):
                raise ModelError(
                    f'the variable "{name}" is {kind}, but starts as {array.dtype}{list(array.shape)}'
                )
        return tuple(
            State(name, kind, self._initial[name] if name in self._initial else zeros(kind))
            for name, kind in self._types.items()
        )

    def variable_tensor(self, values: Values, index: int, where: str) -> str:
        """The state of a variable tensor; returns its name."""
        record = values.record(index, where)
        if not record.is_variable:
            raise ModelError(
                f'tensor "{record.name}" holds state, but is not marked as a variable', where=where
            )
        if record.data is not None:
            raise UnsupportedError(f'the variable tensor "{record.name}" has initial contents', where=where)
        name = values.name(index)
        self._types.setdefault(name, values.type_of(index, where))
        return name

    def bind(self, operator: OperatorRecord, where: str) -> None:
        """VAR_HANDLE: its output names a resource variable from here on."""
        (handle,) = _exactly(operator.outputs, 1, operator, where)
        self._handles[handle] = _shared_name(operator)

    def resource(self, values: Values, handle: int, value: int, where: str) -> str:
        """The state behind a handle, of the type of the value that is read or assigned; returns its name."""
        name = self._handles.get(handle)
        if name is None:
            raise UnsupportedError("a resource does not come from VAR_HANDLE", where=where)
        kind = values.type_of(value, where)
        known = self._types.setdefault(name, kind)
        if (known.dtype, known.shape) != (kind.dtype, kind.shape):
            raise UnsupportedError(
                f'the variable "{name}" changes its type from {known} to {kind}', where=where
            )
        return name

    def call_once(self, operator: OperatorRecord, where: str) -> None:
        """CALL_ONCE: take the initial contents that its subgraph assigns, the first time.

        Raises:
            UnsupportedError: the subgraph does more than assign constants to variables.
        """
        number = operator.options.fields.get("InitSubgraphIndex") if operator.options else None
        if not isinstance(number, int) or not 1 <= number < len(self._model.subgraphs):
            raise ModelError(f"CALL_ONCE calls the subgraph {number}, which does not exist", where=where)
        if number in self._called:
            return
        self._called.add(number)
        subgraph = self._model.subgraphs[number]
        values, handles = Values(subgraph, self._allowance), dict[int, str]()
        for inner in subgraph.operators:
            place = f"{where}, subgraph {number}: {inner.op}"
            if inner.op == "VAR_HANDLE":
                handles[_exactly(inner.outputs, 1, inner, place)[0]] = _shared_name(inner)
                continue
            if inner.op != "ASSIGN_VARIABLE":
                raise UnsupportedError(f"{inner.op} in an initialisation is not supported", where=place)
            handle, source = _exactly(inner.inputs, 2, inner, place)
            found = values.constant(source, place)
            if found is None or handle not in handles:
                raise UnsupportedError("a variable is initialised with something computed", where=place)
            self._initial[handles[handle]] = found[1]


def _exactly(indices: Sequence[int], count: int, operator: OperatorRecord, where: str) -> Sequence[int]:
    if len(indices) != count:
        raise ModelError(f"{operator.op} has {len(indices)} tensors where {count} belong", where=where)
    return indices


def _shared_name(operator: OperatorRecord) -> str:
    fields = operator.options.fields if operator.options else {}
    container, name = fields.get("Container", ""), fields.get("SharedName", "")
    return f"{container}/{name}" if container else f"{name}" or "variable"
