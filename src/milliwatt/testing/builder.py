# SPDX-License-Identifier: Apache-2.0
"""Builds a graph node by node, with random types, quantisation and constants where the caller leaves them open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import AttrValue, DType, Graph, Node, Quant, Shape, State, TensorType
from milliwatt.ops import Signature, find

Array = npt.NDArray[Any]


class GraphBuilder:
    """Collects nodes, constants and inputs; `graph` returns the finished graph.

    Args:
        random: the source of all randomness.
        max_elements: the most elements that a value made here may have.
    """

    def __init__(self, random: np.random.Generator, *, max_elements: int = 4096) -> None:
        self.random = random
        self.max_elements = max_elements
        self._values: dict[str, TensorType] = {}
        self._constants: dict[str, Array] = {}
        self._inputs: list[str] = []
        self._nodes: list[Node] = []
        self._states: list[State] = []

    def integer(self, low: int, high: int) -> int:
        """A random integer of low..high, both included."""
        return int(self.random.integers(low, high + 1))

    def choice(self, options: Sequence[Any]) -> Any:
        """One of the options."""
        return options[int(self.random.integers(len(options)))]

    def shape(self, rank: int, *, largest: int = 9) -> Shape:
        """A random shape of that rank whose first dimension is mostly 1."""
        dims = [self.integer(1, largest) for _ in range(rank)]
        if rank > 2 and self.random.random() < 0.9:
            dims[0] = 1
        while np.prod(dims) > self.max_elements:
            dims[int(np.argmax(dims))] //= 2
        return tuple(dims)

    def quant(self, dtype: DType, *, scale: float | None = None) -> Quant | None:
        """A random quantisation fit for the type: int16 is symmetric, other integers than int8 and uint8 have none."""
        if dtype not in (DType.INT8, DType.UINT8, DType.INT16):
            return None
        exponent = self.random.uniform(-9, 1) if dtype is not DType.INT16 else self.random.uniform(-16, -6)
        value = float(np.float32(2.0**exponent if scale is None else scale))
        low, high = dtype.limits
        zero_point = 0 if dtype is DType.INT16 else self.choice([0, low, high, self.integer(low, high)])
        return Quant((value,), (zero_point,))

    def input(self, kind: TensorType) -> str:
        """A new graph input."""
        name = f"input_{len(self._inputs)}"
        self._values[name] = kind
        self._inputs.append(name)
        return name

    def value(
        self, dtype: DType, *, shape: Shape | None = None, rank: int | None = None, quant: Quant | None = None
    ) -> str:
        """An existing activation that fits, or a new graph input."""
        fitting = [
            name
            for name, kind in self._values.items()
            if name not in self._constants
            and kind.dtype is dtype
            and (shape is None or kind.shape == shape)
            and (rank is None or len(kind.shape) == rank)
            and (quant is None or kind.quant == quant)
        ]
        if fitting and self.random.random() < 0.8:
            return str(self.choice(fitting))
        wanted = shape if shape is not None else self.shape(rank if rank is not None else self.integer(1, 4))
        return self.input(TensorType(dtype, wanted, quant if quant is not None else self.quant(dtype)))

    def type_of(self, name: str) -> TensorType:
        """The type of a value."""
        return self._values[name]

    def constant(self, array: Array, quant: Quant | None = None) -> str:
        """A new constant of the array's own element type."""
        name = f"constant_{len(self._constants)}"
        self._values[name] = TensorType(DType(array.dtype.name), tuple(array.shape), quant)
        self._constants[name] = array
        return name

    def weights(self, shape: Shape, dtype: DType, *, channels: int | None = None, axis: int = 0) -> str:
        """Random weights: int8 with symmetric scales (one per channel when ``channels`` is given), uint8 with one
        scale and any zero point, or float32.
        """
        if dtype is DType.FLOAT32:
            return self.constant(self.random.normal(0, 0.5, shape).astype(np.float32))
        if dtype is DType.UINT8:
            scale = 2.0 ** self.random.uniform(-10, -4)
            return self.constant(
                self.random.integers(0, 256, shape).astype(np.uint8), self.quant(dtype, scale=scale)
            )
        array = self.random.integers(-127, 128, shape).astype(np.int8)
        if self.random.random() < 0.2:
            array[self.random.random(shape) < 0.7] = 0
        count = channels if channels is not None else 1
        scales = tuple(float(np.float32(2.0**exponent)) for exponent in self.random.uniform(-10, -4, count))
        return self.constant(array, Quant(scales, (0,) * count, axis if channels is not None else None))

    def node(
        self,
        op: str,
        inputs: Sequence[str | None],
        *,
        attrs: Mapping[str, AttrValue] | None = None,
        dtype: DType | Sequence[DType],
        quant: Quant | Sequence[Quant | None] | None = None,
        states: Sequence[State] = (),
    ) -> tuple[str, ...]:
        """Append a node; the output shapes follow from the operator. Returns the names of its outputs.

        ``dtype`` and ``quant`` are one entry for every output, or one per output.
        """
        operator = find(op)
        number = len(self._nodes)
        bare = Node(
            op, tuple(inputs), (), attrs or {}, tuple(state.name for state in states), f"node {number}: {op}"
        )
        signature = Signature(
            op=op,
            inputs=tuple(None if name is None else self._values[name] for name in inputs),
            outputs=(),
            constants=tuple(None if name is None else self._constants.get(name) for name in inputs),
            attrs=operator.filled(bare),
            states=tuple(state.type for state in states),
            source=bare.source,
        )
        shapes = operator.shapes(signature)
        dtypes = [dtype] * len(shapes) if isinstance(dtype, DType) else list(dtype)
        quants = [quant] * len(shapes) if quant is None or isinstance(quant, Quant) else list(quant)
        outputs = tuple(f"value_{number}_{index}" for index in range(len(shapes)))
        for name, shape, kind, scale in zip(outputs, shapes, dtypes, quants, strict=True):
            self._values[name] = TensorType(kind, shape, scale)
        self._states.extend(state for state in states if state not in self._states)
        self._nodes.append(Node(op, bare.inputs, outputs, bare.attrs, bare.states, bare.source))
        return outputs

    def graph(self, name: str = "random") -> Graph:
        """The finished graph; every value that no node reads is an output."""
        read = {value for node in self._nodes for value in node.inputs}
        outputs = tuple(output for node in self._nodes for output in node.outputs if output not in read)
        return Graph(
            name,
            self._values,
            self._constants,
            tuple(self._inputs),
            outputs,
            tuple(self._nodes),
            tuple(self._states),
        ).pruned()

    def sample(self, kind: TensorType) -> Array:
        """A random array of that type: the whole integer range with its extremes, or normal floats."""
        return sample(self.random, kind)


def sample(random: np.random.Generator, kind: TensorType) -> Array:
    """A random array of that type: the whole integer range with its extremes, or normal floats."""
    if kind.dtype is DType.BOOL:
        return random.integers(0, 2, kind.shape).astype(np.bool_)
    if kind.dtype is DType.FLOAT32:
        floats: Array = random.normal(0, 1, kind.shape) * 10.0 ** random.uniform(-2, 1)
        return floats.astype(np.float32)
    low, high = kind.dtype.limits
    if kind.dtype.bytes > 2:
        low, high = -(2**15), 2**15
    array = random.integers(low, high + 1, kind.shape, np.int64)
    extremes = random.random(kind.shape) < 0.1
    array[extremes] = random.choice(np.array([low, high]), int(extremes.sum()))
    typed: Array = array.astype(kind.dtype.numpy)
    return typed
