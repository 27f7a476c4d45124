# SPDX-License-Identifier: Apache-2.0
"""What an operator is: its signature, its numbered constraints, its meaning and its cost.

One `Operator` object serves every stage: importers read `attributes`, the verifier checks `types`,
`constraints` and `shapes`, passes fold with `evaluate`, lowering uses `moves` and `elementwise`, and
the reference page is generated from all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import EllipsisType, MappingProxyType
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from milliwatt.ir import AttrValue, DType, Node, Shape, TensorType
from milliwatt.ops.numerics import Numerics, Rounding

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Attribute:
    """One attribute of an operator, named as in TFLite's schema in snake case.

    Attributes:
        kind: the Python type that the IR holds: int, float, bool, a tuple of ints or floats, or an enum's name.
        default: the value when the model's options are absent.
        enum: for kind "enum", the schema's enum (Padding, ActivationFunctionType, …) whose names are kept.
        internal: set by passes only, unknown to the schema.
    """

    kind: Literal["int", "float", "bool", "ints", "floats", "enum"]
    default: AttrValue
    enum: str = ""
    internal: bool = False


PADDING = Attribute("enum", "SAME", enum="Padding")
ACTIVATION = Attribute("enum", "NONE", enum="ActivationFunctionType")

EXPLICIT_PADDING = Attribute("ints", (), internal=True)
"""(top, bottom, left, right) instead of ``padding``, where a pass or an importer has put a border into the window."""


@dataclass(frozen=True)
class Signature:
    """One use of an operator, as constraints, shapes, costs and lowerings see it.

    Attributes:
        op: the operator's name.
        inputs: the type of each input; None where an optional input is absent.
        outputs: the type of each output.
        constants: the array of each input that is a constant, else None.
        attrs: the attributes, all present (defaults filled in).
        states: the types of the state variables.
        source: where the node comes from in the user's model.
    """

    op: str
    inputs: tuple[TensorType | None, ...]
    outputs: tuple[TensorType, ...]
    constants: tuple[Array | None, ...] = ()
    attrs: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    states: tuple[TensorType, ...] = ()
    source: str = ""

    def input(self, index: int) -> TensorType:
        """The type of an input that must be there."""
        kind = self.inputs[index] if index < len(self.inputs) else None
        if kind is None:
            raise IndexError(f"{self.op} has no input {index}")
        return kind

    def has_input(self, index: int) -> bool:
        """Whether the optional input is given."""
        return index < len(self.inputs) and self.inputs[index] is not None

    def constant(self, index: int) -> Array | None:
        """The array of a constant input, or None when it is absent or computed at run time."""
        return self.constants[index] if index < len(self.constants) else None

    def quant(self, index: int) -> tuple[float, int]:
        """Scale and zero point of an input that is quantised per tensor."""
        quant = self.input(index).quant
        if quant is None:
            raise ValueError(f"{self.op}: input {index} is not quantised")
        return quant.scalar

    def output_quant(self, index: int = 0) -> tuple[float, int]:
        """Scale and zero point of an output."""
        quant = self.outputs[index].quant
        if quant is None:
            raise ValueError(f"{self.op}: output {index} is not quantised")
        return quant.scalar


@dataclass(frozen=True)
class Call:
    """What a meaning gets: the signature, the arrays and the contract.

    ``states`` are arrays of the meaning's own to write to; what they hold on return is kept.
    """

    signature: Signature
    inputs: tuple[Array | None, ...]
    numerics: Numerics
    states: tuple[Array, ...] = ()

    def input(self, index: int) -> Array:
        """The array of an input that must be there."""
        array = self.inputs[index]
        if array is None:
            raise IndexError(f"{self.signature.op} has no input {index}")
        return array

    @property
    def rounding(self) -> Rounding:
        """How this operator rounds under the contract."""
        return self.numerics.rounding(self.signature.op)


Constraint = Callable[[Signature], bool]
"""A predicate on a signature; its docstring is the error text, one sentence."""

Types = tuple[DType | tuple[DType | None, ...] | EllipsisType | None, ...]


@dataclass(frozen=True)
class TypeRow:
    """One supported combination of element types.

    Each entry of ``inputs`` is a type, or a tuple of the types allowed there, with None in it when the
    input may be absent. An Ellipsis at the end repeats the entry before it. ``outputs`` likewise.
    """

    inputs: Types
    outputs: Types

    def matches(self, inputs: Sequence[DType | None], outputs: Sequence[DType | None]) -> bool:
        """Whether the element types of one use fit this row."""
        return _fits(self.inputs, inputs) and _fits(self.outputs, outputs)


def _fits(pattern: Types, actual: Sequence[DType | None]) -> bool:
    if pattern and pattern[-1] is Ellipsis:
        head, repeated = pattern[:-2], pattern[-2]
        expanded = (*head, *(repeated for _ in range(len(actual) - len(head))))
    else:
        expanded = pattern
    if len(actual) > len(expanded):
        return False
    padded = (*actual, *(None for _ in range(len(expanded) - len(actual))))
    return all(
        kind in entry if isinstance(entry, tuple) else kind is entry
        for kind, entry in zip(padded, expanded, strict=True)
    )


@dataclass(frozen=True)
class Move:
    """A copy of a box of elements between two strided views, in elements, slowest dimension first.

    ``output[output_offset + sum(i*output_strides)] = input[input_offset + sum(i*input_strides)]`` for all
    i < extents. ``input`` is the index of the operator's input, ``output`` that of its output. A stride
    of 0 repeats, a negative one reverses.
    """

    input: int
    output: int
    extents: Shape
    input_offset: int
    input_strides: tuple[int, ...]
    output_offset: int
    output_strides: tuple[int, ...]


def no_macs(_: Signature) -> int:
    """The cost of an operator that multiplies nothing."""
    return 0


@dataclass(frozen=True, kw_only=True)
class Operator:
    """An operator. See the module.

    Attributes:
        name: TFLite's or ONNX's name.
        summary: one line for the reference page.
        types: the supported combinations of element types.
        shapes: the output shapes that follow from the inputs, attributes and constants.
        evaluate: the meaning; returns one array per output, of the output's element type.
        attributes: what an importer reads, by name.
        constraints: numbered C1, C2, … in this order; each docstring is the error's sentence.
        macs: multiply-accumulates of one run.
        state_inputs: indices of inputs that are state variables in TFLite files.
        elementwise: one input, one output, each element on its own: int8 becomes a table of 256 entries.
        view: the output is the input's bytes under another shape.
        in_state: the output is what the node's only state variable holds then.
        moves: for operators that only move elements, the copies that do it; ``fill`` comes first.
        fill: for operators that move elements onto a background, the value of that background.
        tflite: whether TFLite has an operator of this name that means the same; else only other importers make it.
        hint: what to do when a model is rejected because of this operator.
    """

    name: str
    summary: str
    types: tuple[TypeRow, ...]
    shapes: Callable[[Signature], tuple[Shape, ...]]
    evaluate: Callable[[Call], tuple[Array, ...]]
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    constraints: tuple[Constraint, ...] = ()
    macs: Callable[[Signature], int] = no_macs
    state_inputs: tuple[int, ...] = ()
    elementwise: bool = False
    view: bool = False
    in_state: bool = False
    moves: Callable[[Signature], tuple[Move, ...]] | None = None
    fill: Callable[[Signature], int | float] | None = None
    tflite: bool = True
    hint: str = ""

    def accepts(self, signature: Signature) -> bool:
        """Whether the element types are supported."""
        inputs = tuple(None if kind is None else kind.dtype for kind in signature.inputs)
        outputs = tuple(kind.dtype for kind in signature.outputs)
        return any(row.matches(inputs, outputs) for row in self.types)

    def filled(self, node: Node) -> dict[str, AttrValue]:
        """The node's attributes with defaults where it gives none."""
        return {name: node.attrs.get(name, attribute.default) for name, attribute in self.attributes.items()}


def as_output(array: Array, signature: Signature, index: int = 0) -> Array:
    """``array`` in the element type and shape of an output."""
    kind = signature.outputs[index]
    # NumPy's ascontiguousarray gives a scalar one dimension.
    return np.ascontiguousarray(array.astype(kind.dtype.numpy)).reshape(kind.shape)
