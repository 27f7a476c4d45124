# SPDX-License-Identifier: Apache-2.0
"""A streamed model, fed hop by hop, gives what its window model gives for the window, in every implementation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.stream.window_models import CASES, Case, WindowBuilder, excitation, residual, strided

from milliwatt.cli.inspect import node_macs
from milliwatt.errors import UnsupportedError, UsageError
from milliwatt.ir import DType, Graph
from milliwatt.measure.litert import LiteRT
from milliwatt.ops.interpret import Interpreter
from milliwatt.passes import optimise
from milliwatt.pipeline import Build, Options, compile_graph, load
from milliwatt.runners import runners_for
from milliwatt.stream import Streaming, stream
from milliwatt.stream_verification import last_columns, verify_stream
from milliwatt.targets import board
from milliwatt.testing.tflite_writer import write
from milliwatt.verification import float_tolerance, unequal

BOARD = "nucleo-l4r5zi"


def compare(graph: Graph, streamed: Graph, *, axis: int, hop: int, hops: int) -> int:
    """Feed a random sequence to both forms; the number of full windows that were compared."""
    full = graph.values[graph.inputs[0]].shape[axis]
    kind = streamed.values[streamed.inputs[0]]
    random = np.random.default_rng(1)
    frames = [
        random.normal(size=kind.shape).astype(np.float32)
        if kind.dtype is DType.FLOAT32
        else random.integers(*kind.dtype.limits, kind.shape).astype(kind.dtype.numpy)
        for _ in range(hops)
    ]
    sequence = np.concatenate(frames, axis)
    window, hop_by_hop = Interpreter(graph), Interpreter(streamed)
    compared = 0
    seen: list[set[bytes]] = [set() for _ in graph.outputs]
    for number, frame in enumerate(frames, start=1):
        got = hop_by_hop.run([frame])
        start = number * hop - full
        if start < 0:
            continue
        expected = window.run([np.take(sequence, range(start, start + full), axis)])
        for values, whole, part in zip(seen, expected, got, strict=True):
            assert unequal(last_columns(whole, part), part, float_tolerance(graph)) is None, f"hop {number}"
            values.add(part.tobytes())
        compared += 1
    assert all(len(values) > compared // 2 for values in seen), (
        "the outputs hardly change, so the test says little"
    )
    return compared


def built(graph: Graph, *, axis: int, hop: int) -> Build:
    """The streamed model for the board."""
    return compile_graph(graph, Options(board=board(BOARD), stream=Streaming(axis, hop)))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_meaning_is_that_of_the_window(case: Case) -> None:
    graph = case.graph()
    for form in (graph, optimise(graph)):
        streamed = stream(form, axis=case.axis, hop=case.hop)
        hops = 3 * graph.values[graph.inputs[0]].shape[case.axis] // case.hop
        assert compare(form, streamed, axis=case.axis, hop=case.hop, hops=hops) > 5
        assert compare(form, optimise(streamed), axis=case.axis, hop=case.hop, hops=hops) > 5


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_c_and_litert_agree(case: Case) -> None:
    graph = case.graph()
    build = built(graph, axis=case.axis, hop=case.hop)
    with LiteRT(write(graph), all_tensors=True) as litert:
        result = verify_stream(
            build, oracle=litert, runners=runners_for(build, ["host", "emulator"]), samples=4, seed=3
        )
    assert result.first_difference is None
    assert result.compared == ("litert", "meaning", "stream", "passes", "host", "emulator")


def test_streaming_wake_word_computes_only_what_is_new(shared_model: Callable[[str], Path]) -> None:
    graph = load(shared_model("sww_int8.tflite"))
    build = built(graph, axis=1, hop=1)
    assert (sum(node_macs(graph)), sum(node_macs(build.graph)), build.program.macs) == (
        826_368,
        46_040,
        46_040,
    )
    assert sum(state.type.bytes for state in build.graph.states) == 3 * 40 + (5 + 10 + 15) * 128
    assert build.plan.arena_bytes < 1.2 * (3 * 40 + (5 + 10 + 15) * 128)
    # The softmax saturates on random input: what lies before it is compared too.
    (softmax,) = (node for node in graph.nodes if node.op == "SOFTMAX")
    logits = graph.replace(nodes=graph.nodes[:-1], outputs=(str(softmax.inputs[0]),)).pruned()
    assert compare(logits, stream(logits, axis=1), axis=1, hop=1, hops=130) == 101
    build = built(logits, axis=1, hop=1)
    runners = runners_for(build, ["host", "emulator"])
    with LiteRT(shared_model("sww_int8.tflite").read_bytes(), all_tensors=True) as litert:
        assert verify_stream(build, oracle=litert, runners=runners, samples=10, seed=0).ok


def test_a_wrong_history_is_found() -> None:
    """The proof can fail: a state that starts elsewhere is no difference, a state that is shifted is one."""
    build = built(CASES["residual blocks"].graph(), axis=1, hop=1)
    nodes = list(build.graph.nodes)
    push = next(node for node in nodes if node.op == "PUSH_COLUMNS")
    # The line moves on twice per run.
    nodes.insert(nodes.index(push), replace(push, outputs=("twice",)))
    values = {**build.graph.values, "twice": build.graph.values[push.outputs[0]]}
    forgetful = Build(
        build.imported,
        build.graph.replace(nodes=tuple(nodes), values=values),
        build.program,
        build.plan,
        build.emitted,
        build.options,
    )
    found = verify_stream(forgetful, oracle=None, runners={}, samples=2, seed=0).first_difference
    assert found is not None
    assert found.implementation == "passes"


def test_layers_behind_the_whole_window_keep_their_cost() -> None:
    graph = Case(excitation).graph()
    before, behind = (
        [cost for node, cost in zip(form.nodes, node_macs(form), strict=True) if cost]
        for form in (graph, stream(graph, axis=1))
    )
    assert behind == [before[0] // 15, *before[1:]]


def padded(build: WindowBuilder) -> None:
    """SAME padding in time."""
    build.plain("MAX_POOL_2D", build.data, attrs={"padding": "SAME", "filter_height": 3, "stride_h": 1})


def bordered(build: WindowBuilder) -> None:
    """A border in time."""
    border = build.constant(np.array([[0, 0], [2, 0], [0, 0], [0, 0]], np.int32))
    build.conv(build.plain("PAD", build.data, border), 3)


@pytest.mark.parametrize(
    ("case", "words"),
    [
        (Case(padded), "node 0: MAX_POOL_2D"),
        (Case(bordered), "pads its input along the time axis"),
        (Case(strided, hop=2, shape=(1, 32, 3, 4)), "multiple of 4"),
        (Case(strided, hop=1, shape=(1, 32, 3, 4)), "multiple of 2"),
    ],
)
def test_what_cannot_be_exact_names_its_layer(case: Case, words: str) -> None:
    with pytest.raises(UnsupportedError) as raised:
        stream(case.graph(), axis=1, hop=case.hop)
    assert words in str(raised.value)
    assert "node" in raised.value.where


def test_state_of_its_own_is_refused() -> None:
    once = stream(Case(residual).graph(), axis=1, hop=3)
    with pytest.raises(UnsupportedError, match="keeps a state of its own"):
        stream(once, axis=1, hop=1)


@pytest.mark.parametrize(("axis", "hop"), [(4, 1), (-5, 1), (1, 17), (1, 0)])
def test_no_such_window(axis: int, hop: int) -> None:
    with pytest.raises(UsageError):
        stream(Case(residual).graph(), axis=axis, hop=hop)


def test_two_inputs_have_no_window() -> None:
    build = WindowBuilder(DType.INT8, (1, 8, 1, 2))
    other = build.input(build.type_of(build.data))
    build.plain("ADD", build.data, other)
    with pytest.raises(UsageError, match="2 inputs"):
        stream(build.graph(), axis=1)
