# SPDX-License-Identifier: Apache-2.0
"""What a translation of an estimator sees and gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.errors import UnsupportedError
from milliwatt.importers.graph_builder import GraphBuilder
from milliwatt.ir import DType

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Site:
    """One estimator to translate.

    Attributes:
        estimator: the fitted estimator.
        build: the graph so far.
        data: the value that it takes, [1, features].
    """

    estimator: Any
    build: GraphBuilder
    data: str

    @property
    def features(self) -> int:
        """Columns of the data."""
        return self.build.shape_of(self.data)[1]

    @property
    def dtype(self) -> DType:
        """The element type of the data."""
        return self.build.type_of(self.data).dtype

    def refuse(self, message: str, hint: str = "") -> UnsupportedError:
        """An error at this estimator, to be raised."""
        return UnsupportedError(message, where=self.build.source, hint=hint)

    def numbers(self, array: Any) -> str:
        """A float32 constant.

        Raises:
            UnsupportedError: a number is beyond float32.
        """
        with np.errstate(over="ignore"):
            floats = np.asarray(array, np.float64).astype(np.float32)
        if not np.isfinite(floats).all():
            raise self.refuse("the estimator has numbers that float32 does not hold")
        return self.build.constant(floats)

    def argmax(self, scores: str, *, stem: str = "label") -> str:
        """The index of the first largest element of each row, int32 [1]."""
        axis = self.build.integers([1])
        attrs = {"output_type": "INT32"}
        return self.build.node("ARG_MAX", [scores, axis], attrs, dtype=DType.INT32, stem=stem)

    def as_float(self, value: str) -> str:
        """The value in float32."""
        kind = self.build.type_of(value).dtype
        if kind is DType.FLOAT32:
            return value
        attrs = {"in_data_type": kind.value.upper(), "out_data_type": "FLOAT32"}
        return self.build.node("CAST", [value], attrs, dtype=DType.FLOAT32)

    def affine(self, value: str, weights: Any, bias: Any) -> str:
        """``value @ weights.T + bias`` in float32; weights [outputs, features]."""
        matrix = np.atleast_2d(np.asarray(weights, np.float64))
        offsets = np.broadcast_to(np.asarray(bias, np.float64), (len(matrix),))
        return self.build.node(
            "FULLY_CONNECTED", [self.as_float(value), self.numbers(matrix), self.numbers(offsets)]
        )

    def above(self, value: str, limit: float | int, *, or_equal: bool = False) -> str:
        """1 where the only element is above a limit, else 0, as a label."""
        number = np.array(limit, self.build.type_of(value).dtype.numpy)
        op = "GREATER_EQUAL" if or_equal else "GREATER"
        found = self.build.node(op, [value, self.build.constant(number)], dtype=DType.BOOL)
        flat = self.build.node("RESHAPE", [found, self.build.integers([1])])
        attrs = {"in_data_type": "BOOL", "out_data_type": "INT32"}
        return self.build.node("CAST", [flat], attrs, dtype=DType.INT32, stem="label")

    def both(self, second: str) -> str:
        """The probabilities of two classes, from that of the second, [1, 1]."""
        first = self.build.node("SUB", [self.numbers(1.0), second])
        return self.build.node("CONCATENATION", [first, second], {"axis": 1}, stem="probabilities")

    def softmax(self, scores: str) -> str:
        """Probabilities from the logarithms of what they are proportional to."""
        return self.build.node("SOFTMAX", [scores], {"beta": 1.0}, stem="probabilities")


Translate = Callable[[Site], Mapping[str, str]]
"""Appends the nodes of an estimator; returns its results by what they are: label, probabilities, decision,
prediction or transformed."""
