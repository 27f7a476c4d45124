# SPDX-License-Identifier: Apache-2.0
"""The test vectors of every ONNX operator that the package onnx ships, run on the imported graph's meanings.

The vectors make every input of a node an input of the model. Shapes, axes and scales must be constants for this
package, as they are in real models: where a node is refused for that, its later inputs become constants.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.errors import MilliwattError, ModelError, UnsupportedError
from milliwatt.importers.onnx import load
from milliwatt.importers.request import Request
from milliwatt.ir import Graph
from milliwatt.ops import Numerics
from milliwatt.ops.interpret import Interpreter

Array = npt.NDArray[Any]

_NARROW = ("float16", "bfloat16")
_NEED = "as a constant"


@dataclass(frozen=True)
class Outcome:
    """What became of one case.

    Attributes:
        status: "equal", "different" or "refused".
        reason: why it was refused, or what differs.
        graph: the graph, where there is one.
    """

    status: str
    reason: str = ""
    graph: Graph | None = None


def cases(modules: Sequence[str] | None = None) -> list[Any]:
    """The cases of some modules of onnx.backend.test.case.node, by name; of all of them for None."""
    from onnx.backend.test.case import node as package

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if modules is None:
            return list(package.collect_testcases(None))
        for name in modules:
            importlib.import_module(f"{package.__name__}.{name}")
    return list(package._NodeTestCases)


def outcome(case: Any) -> Outcome:
    """Import the case's model and compare what it computes with the vectors."""
    try:
        return _compared(case, 0)
    except UnsupportedError as error:
        if _NEED not in error.message or len(case.model.graph.input) < 2:
            return Outcome("refused", error.message)
    except ModelError as error:
        return Outcome("refused", error.message)
    try:
        return _compared(case, 1)
    except MilliwattError as error:
        return Outcome("refused", error.message)


def _compared(case: Any, computed: int) -> Outcome:
    """Compare with all inputs computed, or only the first ``computed``, unless that is 0."""
    graph = None
    for inputs, outputs in case.data_sets:
        graph, arrays = _imported(case, inputs, computed)
        found = Interpreter(graph, Numerics.FAST).run(arrays)
        for got, expected in zip(found, outputs, strict=True):
            problem = _problem(got, expected, case)
            if problem:
                return Outcome("different", problem, graph)
    return Outcome("equal", "", graph)


def _imported(case: Any, inputs: Sequence[Any], computed: int) -> tuple[Graph, list[Array]]:
    from onnx import ModelProto, TensorProto, numpy_helper

    inputs = [numpy_helper.to_array(item) if isinstance(item, TensorProto) else item for item in inputs]
    if not all(isinstance(item, np.ndarray | np.generic) for item in inputs) or len(inputs) != len(
        case.model.graph.input
    ):
        raise UnsupportedError("an input of the case is no tensor")
    model = ModelProto()
    model.CopyFrom(case.model)
    names = [item.name for item in model.graph.input]
    arrays = [np.asarray(item) for item in inputs]
    if computed:
        for name, array in list(zip(names, arrays, strict=True))[computed:]:
            model.graph.initializer.append(numpy_helper.from_array(array, name))
        names, arrays = names[:computed], arrays[:computed]
        del model.graph.input[computed:]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        graph = load(model.SerializeToString(), "case", Request())
    kinds = [graph.values[name] for name in graph.inputs]
    if any(array.shape != kind.shape for array, kind in zip(arrays, kinds, strict=True)):
        raise UnsupportedError("an input of the case has another shape than its model says")
    return graph, [array.astype(kind.dtype.numpy) for array, kind in zip(arrays, kinds, strict=True)]


def _problem(got: Array, expected: Any, case: Any) -> str:
    """One line on the first difference, or nothing."""
    from onnx import TensorProto, numpy_helper

    wanted = numpy_helper.to_array(expected) if isinstance(expected, TensorProto) else np.asarray(expected)
    if got.shape != wanted.shape:
        return f"shape {list(got.shape)} instead of {list(wanted.shape)}"
    if got.dtype.kind != "f":
        return "" if np.array_equal(got, wanted) else "integers differ"
    narrow = wanted.dtype.name in _NARROW
    relative, absolute = (2e-2, 2e-3) if narrow else (case.rtol, max(case.atol, 1e-6))
    real = wanted.astype(np.float64)
    close = np.isclose(got.astype(np.float64), real, rtol=relative, atol=absolute, equal_nan=True)
    return "" if close.all() else f"{np.count_nonzero(~close)} of {close.size} floats differ"
