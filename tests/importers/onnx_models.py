# SPDX-License-Identifier: Apache-2.0
"""Small ONNX models, ONNX Runtime's results for them, and a comparison of the two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
from onnx import NodeProto, TensorProto, helper, numpy_helper

from milliwatt.importers.onnx import load
from milliwatt.importers.request import Request
from milliwatt.ir import Graph
from milliwatt.ops import Numerics
from milliwatt.ops.interpret import Interpreter
from milliwatt.passes import optimise

Array = npt.NDArray[Any]
FLOAT = TensorProto.FLOAT


def node(op: str, inputs: str, outputs: str, **attributes: Any) -> NodeProto:
    """A node; tensor names stand in words, `-` for an absent one."""
    names = [[name if name != "-" else "" for name in text.split()] for text in (inputs, outputs)]
    return helper.make_node(op, *names, **attributes)


def model(
    nodes: Sequence[NodeProto],
    *,
    inputs: Mapping[str, Sequence[int | str | None] | None],
    outputs: Sequence[str],
    constants: Mapping[str, Array] | None = None,
    opset: int = 17,
    kinds: Mapping[str, int] | None = None,
) -> bytes:
    """The bytes of a model whose inputs are floats, unless ``kinds`` says otherwise."""
    kind = dict(kinds or {})
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info(name, kind.get(name, FLOAT), shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, kind.get(name, FLOAT), None) for name in outputs],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in (constants or {}).items()],
    )
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()


def imported(data: bytes, request: Request | None = None) -> Graph:
    """The graph of the bytes."""
    return load(data, "model", request or Request())


def floats(*shape: int, seed: int = 0) -> Array:
    """Normal floats."""
    return np.random.default_rng(seed).normal(0, 1, shape).astype(np.float32)


def runtime(data: bytes, arrays: Sequence[Array], *, exact: bool = False) -> list[Array]:
    """What ONNX Runtime computes; ``exact`` without its own rewriting."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    if exact:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    names = [item.name for item in session.get_inputs()]
    return list(session.run(None, dict(zip(names, arrays, strict=True))))


def results(graph: Graph, arrays: Sequence[Array]) -> list[list[Array]]:
    """What the graph computes, as it was imported and behind the passes."""
    return [
        list(Interpreter(variant, Numerics.FAST).run(arrays))
        for variant in (graph, optimise(graph, Numerics.FAST))
    ]


def same(data: bytes, *arrays: Array, tolerance: float = 1e-5) -> Graph:
    """Compare the imported graph with ONNX Runtime: floats within the tolerance, integers exactly."""
    graph = imported(data)
    expected = runtime(data, arrays)
    for found in results(graph, arrays):
        for got, wanted in zip(found, expected, strict=True):
            assert got.shape == wanted.shape
            if wanted.dtype.kind == "f":
                np.testing.assert_allclose(got, wanted, rtol=tolerance, atol=tolerance)
            else:
                np.testing.assert_array_equal(got, wanted)
    return graph
