# SPDX-License-Identifier: Apache-2.0
"""Import is total: a damaged .onnx file is a verified graph or one of our errors, soon and in bounded memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from onnx import helper
from tests.importers.onnx_models import floats, model, node

from milliwatt.testing.onnx_node_cases import cases

HERE = Path(__file__).parent
SHARED = HERE.parents[2] / "shared" / "models"
MODULES = (
    "add averagepool batch_normalization cast clip concat conv convtranspose depthtospace dequantizelinear expand "
    "gather gathernd gemm gru instance_normalization layernormalization lstm matmul maxpool pad prelu qlinearconv "
    "quantizelinear reducemean reshape resize rnn slice softmax split squeeze tile transpose unsqueeze where"
)
LARGEST = 60_000


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ONNX's own test models, and the reference models where they lie beside the checkout."""
    folder = tmp_path_factory.mktemp("corpus")
    for case in cases(MODULES.split()):
        data = case.model.SerializeToString()
        if len(data) < LARGEST:
            (folder / f"{case.name}.onnx").write_bytes(data)
    for path in SHARED.glob("*.onnx"):
        if path.stat().st_size < LARGEST:
            (folder / path.name).write_bytes(path.read_bytes())
    return folder


def fuzz(corpus: Path, kind: str, first_seed: int, count: int) -> dict[str, int]:
    """Import ``count`` damaged files in a child process; outcomes by name."""
    script = str(HERE / "import_many.py")
    command = [
        sys.executable,
        "-W",
        "ignore",
        script,
        str(corpus),
        ".onnx",
        kind,
        str(first_seed),
        str(count),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60 + count, check=False)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert not report["failures"], "\n".join(report["failures"][:5])
    assert report["slowest"] < 5
    return dict(report["outcomes"])


@pytest.mark.parametrize("kind", ["mutations", "onnx_mutations"])
def test_damaged_files(corpus: Path, kind: str) -> None:
    outcomes = fuzz(corpus, kind, 0, 600)
    assert sum(outcomes.values()) == 600
    assert {"graph", "ModelError", "UnsupportedError"} <= set(outcomes), "the damage must reach every outcome"


def long_chain() -> bytes:
    """Very many nodes."""
    nodes = [helper.make_node("Relu", [f"t{number}"], [f"t{number + 1}"]) for number in range(8_000)]
    return model(nodes, inputs={"t0": (1, 4)}, outputs=["t8000"])


def long_fold() -> bytes:
    """Very many nodes on constants, each with a larger result."""
    nodes = [helper.make_node("Concat", [f"t{n}", f"t{n}"], [f"t{n + 1}"], axis=0) for n in range(60)]
    return model(nodes, inputs={"x": (1,)}, outputs=["t60"], constants={"t0": floats(1)})


def exponential_functions() -> bytes:
    """Functions that call each other twice, fourteen deep."""
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("mine", 1)]
    functions = []
    for depth in range(14):
        inner = f"F{depth + 1}" if depth < 13 else "Relu"
        domain = "mine" if depth < 13 else ""
        body = [
            helper.make_node(inner, [source], [target], domain=domain)
            for source, target in (("a", "m"), ("m", "b"))
        ]
        functions.append(helper.make_function("mine", f"F{depth}", ["a"], ["b"], body, opsets))
    graph = helper.make_graph(
        [helper.make_node("F0", ["x"], ["y"], domain="mine")],
        "graph",
        [helper.make_tensor_value_info("x", 1, (1, 3))],
        [helper.make_tensor_value_info("y", 1, None)],
    )
    whole = helper.make_model(graph, functions=functions, opset_imports=opsets, ir_version=8)
    return bytes(whole.SerializeToString())


def many_groups() -> bytes:
    """A transposed convolution with as many groups as channels."""
    return model(
        [node("ConvTranspose", "x w", "y", group=4096)],
        inputs={"x": (1, 4096, 2, 2)},
        outputs=["y"],
        constants={"w": floats(4096, 1, 1, 1)},
    )


def shared_constant() -> bytes:
    """A large constant that every node transposes anew."""
    nodes = [node("Transpose", "w", "t0", perm=[1, 0])]
    nodes += [node("MatMul", f"x{number} w", f"x{number + 1}") for number in range(200)]
    return model(nodes, inputs={"x0": (1, 512)}, outputs=["x200"], constants={"w": floats(512, 512)})


def quantised_ladder() -> bytes:
    """A long ladder of quantised sums, whose tables depend on each other."""
    constants = {"s": np.float32(0.1), "z": np.int8(0)}
    nodes = [node("QuantizeLinear", "x s z", "q"), node("DequantizeLinear", "q s z", "t0")]
    nodes += [node("Add", f"t{number} t{number}", f"t{number + 1}") for number in range(2_000)]
    nodes.append(node("QuantizeLinear", "t2000 s z", "y"))
    return model(nodes, inputs={"x": (1, 8)}, outputs=["y"], constants=constants, kinds={"y": 3})


BURDENS = (long_chain, long_fold, exponential_functions, many_groups, shared_constant, quantised_ladder)


def test_burdens(tmp_path: Path) -> None:
    """Sound files that are as costly as they can be are read, or refused, within the same bounds."""
    for number, make in enumerate(BURDENS):
        (tmp_path / f"{number:02}.onnx").write_bytes(make())
    assert sum(fuzz(tmp_path, "as_they_are", 0, len(BURDENS)).values()) == len(BURDENS)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["mutations", "onnx_mutations"])
@pytest.mark.parametrize("first_seed", range(1_000_000, 1_050_000, 10_000))
def test_many_damaged_files(corpus: Path, kind: str, first_seed: int) -> None:
    fuzz(corpus, kind, first_seed, 10_000)
