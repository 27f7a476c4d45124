# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime, the oracle for models in ONNX form, with the intermediate values of every layer.

It runs without its own rewriting, so that QuantizeLinear and DequantizeLinear mean what they say: integers go through
floats and are rounded half to even. Integer operators of this package round otherwise where a float comes close to
a tie, so that its integers are compared within one (``exact`` is False).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.errors import ToolchainError
from milliwatt.ir import Graph
from milliwatt.measure.onnx_weights import make_weights_unsigned

Array = npt.NDArray[Any]

_HINT = "pip install onnxruntime onnx"


class OnnxRuntime:
    """A model in ONNX Runtime.

    Args:
        data: the content of the .onnx file.
        graph: what was imported from it; says which of its values has which name, element type and shape.

    Raises:
        ToolchainError: a package is missing, or ONNX Runtime refuses the model.
    """

    name = "onnxruntime"
    exact = False

    def __init__(self, data: bytes, graph: Graph) -> None:
        try:
            import onnx
            import onnxruntime
        except ImportError as error:
            raise ToolchainError(f"comparing with ONNX Runtime needs {error.name}", hint=_HINT) from error
        model = onnx.load_from_string(data)
        make_weights_unsigned(model)
        self._graph = graph
        self._outputs = [item.name for item in model.graph.output]
        shown = [
            name
            for name in _tensors(model.graph)
            if (name in graph.values or _shifted(name) in graph.values) and name not in self._outputs
        ]
        model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in shown)
        self._shown = [*self._outputs, *shown]
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.log_severity_level = 4
        try:
            self._session: Any = onnxruntime.InferenceSession(
                model.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
        except _failures(onnxruntime) as error:
            raise ToolchainError(f"ONNX Runtime refused to load the model: {error}") from error

    def tensors(self, inputs: list[Array]) -> Mapping[str, Array]:
        """Run the model once: its values by the names that the graph has for them.

        Values of another shape than the graph's are left out; values of other float types are given as float32.

        Raises:
            ToolchainError: ONNX Runtime failed.
        """
        names = [*self._graph.outputs, *self._shown[len(self._outputs) :]]
        found: dict[str, Array] = {}
        for name, array in zip(names, self._run(inputs, self._shown), strict=True):
            signed = self._graph.values.get(_shifted(name))
            if signed is not None and array.dtype == np.uint8 and array.shape == signed.shape:
                found[_shifted(name)] = (array.astype(np.int16) - 128).astype(np.int8)
            kind = self._graph.values.get(name)
            if kind is not None and array.shape == kind.shape:
                found[name] = array.astype(kind.dtype.numpy, copy=False)
        return found

    def run(self, inputs: Sequence[Array]) -> list[Array]:
        """The outputs for one set of inputs, in the graph's element types."""
        kinds = [self._graph.values[name].dtype.numpy for name in self._graph.outputs]
        arrays = self._run(inputs, self._outputs)
        return [array.astype(kind, copy=False) for array, kind in zip(arrays, kinds, strict=True)]

    def reset(self) -> None:
        """ONNX models have no state."""

    def _run(self, inputs: Sequence[Array], names: Sequence[str]) -> list[Array]:
        feeds = {
            item.name: array.astype(_element_type(item.type), copy=False)
            for item, array in zip(self._session.get_inputs(), inputs, strict=True)
        }
        import onnxruntime

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return [np.asarray(array) for array in self._session.run(list(names), feeds)]
        except _failures(onnxruntime) as error:
            raise ToolchainError(f"ONNX Runtime failed to run the model: {error}") from error


def _shifted(name: str) -> str:
    """The value that holds a uint8 tensor as int8 (`milliwatt.importers.quantised.shift`)."""
    return f"{name}.int8"


def _tensors(graph: Any) -> Iterator[str]:
    """Tensors that nodes of the main graph make, by names that can be value names."""
    seen: set[str] = set()
    for node in graph.node:
        for name in node.output:
            if name and name.isprintable() and name not in seen:
                seen.add(name)
                yield name


def _element_type(text: str) -> np.dtype[Any]:
    """NumPy's type for ONNX Runtime's ``tensor(float)``."""
    name = text.removeprefix("tensor(").removesuffix(")")
    return np.dtype({"float": "float32", "double": "float64"}.get(name, name))


def _failures(runtime: Any) -> tuple[type[Exception], ...]:
    """What ONNX Runtime raises; its classes have no common base but Exception."""
    state = runtime.capi.onnxruntime_pybind11_state
    own = ("Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NotImplemented", "RuntimeException")
    return (RuntimeError, ValueError, *(getattr(state, name) for name in own if hasattr(state, name)))
