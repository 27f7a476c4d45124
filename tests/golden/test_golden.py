# SPDX-License-Identifier: Apache-2.0
"""The emitted text of small models, word for word. `pytest tests/golden --update-golden` accepts a change."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from milliwatt.emit.kernel_text import kernel_file
from milliwatt.ir import DType, Graph, Node, Quant, State, TensorType
from milliwatt.pipeline import Options, compile_graph
from milliwatt.targets import board
from milliwatt.testing.builder import GraphBuilder

KERNELS = Path(str(resources.files("milliwatt.runtime")))
FOLDER = Path(__file__).parent / "files"
QUANT = Quant((0.0625,), (-4,))


def two_layers() -> Graph:
    """A convolution and a classifier: kernels, tables, an instance per shape."""
    build = GraphBuilder(np.random.default_rng(1))
    data = build.input(TensorType(DType.INT8, (1, 4, 4, 2), QUANT))
    weights = build.weights((3, 2, 2, 2), DType.INT8, channels=3)
    value = build.node(
        "CONV_2D", (data, weights, None), attrs={"padding": "VALID"}, dtype=DType.INT8, quant=QUANT
    )[0]
    build.node(
        "FULLY_CONNECTED", (value, build.weights((2, 3), DType.INT8), None), dtype=DType.INT8, quant=QUANT
    )
    return build.graph("two_layers")


def moves_and_state() -> Graph:
    """Two inputs, two outputs, a move, and a state variable with an initial value."""
    build = GraphBuilder(np.random.default_rng(2))
    first = build.input(TensorType(DType.INT8, (1, 3, 4), QUANT))
    second = build.input(TensorType(DType.INT8, (4,), QUANT))
    order = build.constant(np.array([0, 2, 1], np.int32))
    build.node("TRANSPOSE", (first, order), dtype=DType.INT8, quant=QUANT)
    state = State("memory", TensorType(DType.INT8, (4,), QUANT), np.array([1, 2, 3, 4], np.int8))
    build.node("READ_VARIABLE", (None,), dtype=DType.INT8, quant=QUANT, states=(state,))
    graph = build.graph("moves_and_state")

    assign = Node("ASSIGN_VARIABLE", (None, second), (), {}, ("memory",), "assign")
    values = {**graph.values, second: TensorType(DType.INT8, (4,), QUANT)}
    return graph.replace(nodes=(*graph.nodes, assign), values=values, inputs=(first, second))


CASES: dict[str, tuple[Callable[[], Graph], str]] = {
    "two_layers": (two_layers, "balanced"),
    "two_layers_flash": (two_layers, "flash"),
    "moves_and_state": (moves_and_state, "balanced"),
}


def without_kernels(source: str) -> str:
    """The text with the body of each hand-written file replaced by its name."""
    for path in [*KERNELS.glob("include/*.h"), *KERNELS.glob("kernels/*.h")]:
        source = source.replace(kernel_file(path.stem).body, f"/* {path.name} */\n")
    return source


@pytest.mark.parametrize("name", CASES)
def test_emitted_text(name: str, request: pytest.FixtureRequest) -> None:
    make, optimize = CASES[name]
    options = Options(board=board("nucleo-g0b1re"), optimize=optimize, name=name, about=("A golden test.",))
    emitted = compile_graph(make(), options).emitted
    texts = {
        f"{name}.h": emitted.header,
        f"{name}.c": without_kernels(emitted.source),
        f"{name}.json": json.dumps(dict(emitted.manifest), indent=1) + "\n",
    }
    for file, text in texts.items():
        path = FOLDER / file
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")
        assert path.is_file(), f"{file} is missing; run with --update-golden"
        assert text == path.read_text("utf-8"), f"{file} changed; if it should, run with --update-golden"


def test_emission_is_deterministic() -> None:
    options = Options(board=board("nucleo-l4r5zi"), name="model")
    first, second = (compile_graph(two_layers(), options).emitted for _ in range(2))
    assert (first.header, first.source) == (second.header, second.source)
