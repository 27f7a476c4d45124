# SPDX-License-Identifier: Apache-2.0
"""LSTM, GRU and RNN: ONNX Runtime and PyTorch give what the meaning, the host's C and the emulated Cortex-M4 give."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from milliwatt.ir import AttrValue, DType, Graph, Node, TensorType
from milliwatt.ops.check import check
from milliwatt.ops.recurrent import GATES, STATES
from milliwatt.pipeline import Build, Options, compile_graph
from milliwatt.runners import runner_for
from milliwatt.targets import board

Array = npt.NDArray[Any]

TOLERANCE = 4e-6
"""Absolute; states are of the order of one. Frameworks sum in float32 in another order."""

RUNNERS = {"meaning": "host", "host": "host", "emulator": "nucleo-l4r5zi"}


@dataclass(frozen=True)
class Case:
    """One layer with random weights."""

    op: str
    steps: int
    batch: int
    features: int
    cells: int
    attrs: dict[str, AttrValue] = field(default_factory=dict)
    bias: bool = True
    initial: bool = True

    def arrays(self, seed: int = 0) -> dict[str, Array]:
        """Operands by ONNX's names."""
        random, rows = np.random.default_rng(seed), GATES[self.op] * self.cells
        shapes = {"X": (self.steps, self.batch, self.features), "W": (rows, self.features)}
        shapes["R"] = (rows, self.cells)
        if self.bias:
            shapes["B"] = (2 * rows,)
        if self.initial:
            shapes |= dict.fromkeys(self.initial_names, (self.batch, self.cells))
        return {name: random.normal(0, 0.5, shape).astype(np.float32) for name, shape in shapes.items()}

    @property
    def initial_names(self) -> tuple[str, ...]:
        return ("initial_h", "initial_c")[: STATES[self.op]]

    @property
    def inputs(self) -> tuple[str | None, ...]:
        """Names of the node's inputs."""
        return (
            *("X", "W", "R"),
            "B" if self.bias else None,
            *(name if self.initial else None for name in self.initial_names),
        )


CASES = {
    "lstm": Case("LSTM", 5, 1, 3, 6),
    "lstm of two sequences, backwards": Case("LSTM", 4, 2, 5, 3, {"direction": "reverse"}),
    "lstm without bias": Case("LSTM", 3, 2, 4, 8, bias=False),
    "lstm from zero": Case("LSTM", 6, 1, 7, 5, initial=False),
    "lstm of one step": Case("LSTM", 1, 1, 4, 4),
    "gru": Case("GRU", 5, 1, 3, 6, {"linear_before_reset": 1}),
    "gru of two sequences, backwards": Case(
        "GRU", 4, 2, 5, 3, {"linear_before_reset": 1, "direction": "reverse"}
    ),
    "gru with the reset first": Case("GRU", 5, 1, 3, 6),
    "gru with the reset first, backwards": Case("GRU", 3, 2, 4, 9, {"direction": "reverse"}, initial=False),
    "gru without bias": Case("GRU", 3, 1, 6, 5, {"linear_before_reset": 1}, bias=False, initial=False),
    "rnn": Case("RNN", 5, 1, 3, 6),
    "rnn of two sequences, backwards": Case("RNN", 4, 2, 5, 7, {"direction": "reverse"}),
    "rnn with relu": Case("RNN", 4, 1, 5, 9, {"activation": "RELU"}, bias=False, initial=False),
}


def graph_of(case: Case, arrays: dict[str, Array], wanted: tuple[str, ...] | None = None) -> Graph:
    """The graph of one node; its inputs are the data and the initial states."""
    outputs = ("Y", "Y_h", "Y_c")[: 1 + STATES[case.op]]
    kinds = {name: TensorType(DType.FLOAT32, array.shape) for name, array in arrays.items()}
    kinds["Y"] = TensorType(DType.FLOAT32, (case.steps, case.batch, case.cells))
    kinds |= dict.fromkeys(outputs[1:], TensorType(DType.FLOAT32, (case.batch, case.cells)))
    constants = {name: array for name, array in arrays.items() if name in ("W", "R", "B")}
    node = Node(case.op, case.inputs, outputs, case.attrs, source="the layer")
    free = tuple(name for name in arrays if name not in constants)
    return check(Graph("layer", kinds, constants, free, wanted or outputs, (node,)))


def built(graph: Graph, runner: str, *, optimize: str = "balanced") -> Build:
    return compile_graph(graph, Options(board(RUNNERS[runner]), optimize=optimize))


def from_onnx_runtime(case: Case, arrays: dict[str, Array]) -> list[Array]:
    """What ONNX Runtime makes of the node, without its axis of directions."""
    onnx = pytest.importorskip("onnx", reason="onnx is not installed (extra: onnx)")
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed (extra: onnx)")
    attrs = {name: value for name, value in case.attrs.items() if name != "activation"}
    if "activation" in case.attrs:
        attrs["activations"] = [str(case.attrs["activation"]).capitalize()]
    outputs = ["Y", "Y_h", "Y_c"][: 1 + STATES[case.op]]
    names = [name or "" for name in case.inputs]
    names[4:4] = [""]  # sequence_lens
    node = onnx.helper.make_node(case.op, names, outputs, hidden_size=case.cells, **attrs)
    wide = {name: array if name == "X" else array[None] for name, array in arrays.items()}
    value = onnx.helper.make_tensor_value_info
    kind = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        [node],
        "layer",
        [value(name, kind, array.shape) for name, array in wide.items()],
        [value(name, kind, None) for name in outputs],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 14)], ir_version=8)
    session = runtime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    sequence, *states = session.run(None, wide)
    return [sequence[:, 0], *(state[0] for state in states)]


@pytest.mark.parametrize("runner", RUNNERS)
@pytest.mark.parametrize("name", CASES)
def test_layer_is_onnx_runtime_s(name: str, runner: str) -> None:
    case = CASES[name]
    arrays = case.arrays()
    graph = graph_of(case, arrays)
    got = runner_for(built(graph, runner), runner).run([arrays[value] for value in graph.inputs])
    for result, expected in zip(got, from_onnx_runtime(case, arrays), strict=True):
        np.testing.assert_allclose(result, expected, rtol=0, atol=TOLERANCE)


def reordered(array: Array, order: tuple[int, ...]) -> Array:
    """Rows of PyTorch's gates in the order of ONNX's."""
    gates = np.split(array, len(order))
    return np.concatenate([gates[index] for index in order])


@pytest.mark.parametrize("runner", RUNNERS)
@pytest.mark.parametrize(("op", "order"), [("LSTM", (0, 3, 1, 2)), ("GRU", (1, 0, 2)), ("RNN", (0,))])
def test_layer_is_pytorch_s(op: str, order: tuple[int, ...], runner: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")
    torch.manual_seed(1)
    layer = getattr(torch.nn, op)(6, 11)
    case = Case(op, 7, 1, 6, 11, {"linear_before_reset": 1} if op == "GRU" else {}, initial=False)
    weights = {name: array.detach().numpy() for name, array in layer.named_parameters()}
    arrays = {"X": np.random.default_rng(2).normal(0, 1, (7, 1, 6)).astype(np.float32)}
    arrays |= {"W": reordered(weights["weight_ih_l0"], order), "R": reordered(weights["weight_hh_l0"], order)}
    biases = [reordered(weights[name], order) for name in ("bias_ih_l0", "bias_hh_l0")]
    arrays["B"] = np.concatenate(biases)
    with torch.no_grad():
        sequence, states = layer(torch.from_numpy(arrays["X"]))
    expected = [sequence, *(states if op == "LSTM" else [states])]
    got = runner_for(built(graph_of(case, arrays), runner), runner).run([arrays["X"]])
    for result, wanted in zip(got, expected, strict=True):
        np.testing.assert_allclose(result, wanted.numpy().reshape(result.shape), rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("optimize", ["speed", "ram", "flash"])
@pytest.mark.parametrize("op", GATES)
def test_what_nobody_reads_takes_no_room(op: str, optimize: str) -> None:
    """The last state alone: a row of scratch stands for the sequence."""
    case = Case(op, 50, 1, 4, 8, initial=False)
    arrays = case.arrays()
    last = built(graph_of(case, arrays, ("Y_h",)), "host", optimize=optimize)
    [got] = runner_for(last, "host").run([arrays["X"]])
    np.testing.assert_allclose(got, from_onnx_runtime(case, arrays)[1], rtol=0, atol=TOLERANCE)
    assert last.plan.arena_bytes <= 50 * 4 * 4 + 4 * (8 * 4)


@pytest.mark.parametrize("op", GATES)
def test_sequence_over_its_data(op: str) -> None:
    """The data gives way to the sequence, row by row."""
    case = Case(op, 20, 1, 16, 8, initial=False)
    arrays = case.arrays()
    build = built(graph_of(case, arrays, ("Y",)), "host")
    assert build.plan.arena_bytes < 20 * 16 * 4 + 8 * 8 * 4
    [got] = runner_for(build, "host").run([arrays["X"]])
    np.testing.assert_allclose(got, from_onnx_runtime(case, arrays)[0], rtol=0, atol=TOLERANCE)


def test_tanh_of_the_gates_is_within_its_bound() -> None:
    """Three ulp, never beyond 1, as mw_squash_f32.h states; a layer of one cell without memory shows it."""
    values = np.concatenate([np.linspace(-9, 9, 40001), 10.0 ** np.linspace(-30, 30, 2001)]).astype(
        np.float32
    )
    case = Case("RNN", values.size, 1, 1, 1, bias=False, initial=False)
    arrays = {
        "X": values.reshape(-1, 1, 1),
        "W": np.ones((1, 1), np.float32),
        "R": np.zeros((1, 1), np.float32),
    }
    build = built(graph_of(case, arrays, ("Y",)), "host")
    got = np.asarray(runner_for(build, "host").run([arrays["X"]])[0]).reshape(-1).astype(np.float64)
    exact = np.tanh(values.astype(np.float64))
    assert (np.abs(got - exact) <= 3.0 * 2.0**-24 * 2.0 * np.abs(exact)).all()
    assert np.abs(got).max() <= 1.0
