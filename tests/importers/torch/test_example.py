# SPDX-License-Identifier: Apache-2.0
"""Example inputs of PyTorch modules, from functions and from the user's shapes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (the extra train)")

from milliwatt.errors import UsageError  # noqa: E402
from milliwatt.pipeline import load  # noqa: E402

TEXT = '''
import torch
from sizes import WIDTH

def with_example():
    return torch.nn.Linear(WIDTH, 2), torch.zeros(1, WIDTH)

def with_docstring():
    """A table.

    tokens: 1x5 int64
    """
    return torch.nn.Embedding(7, 2)

def bare():
    return torch.nn.Linear(WIDTH, 2)

def pair():
    return torch.nn.Bilinear(WIDTH, 3, 2)
'''


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that imports another one beside it."""
    (tmp_path / "sizes.py").write_text("WIDTH = 4\n")
    path = tmp_path / "model.py"
    path.write_text(TEXT)
    return path


def test_functions_of_a_file(file: Path) -> None:
    graph = load(f"{file}:with_example")
    assert graph.name == "with_example"
    assert graph.values[graph.inputs[0]].shape == (1, 4)
    documented = load(f"{file}:with_docstring")
    assert str(documented.values[documented.inputs[0]]) == "int64[1, 5]"


def test_shapes_of_the_user(file: Path) -> None:
    assert load(f"{file}:bare", input_shapes={"": (3, 4)}).values["linear"].shape == (3, 2)
    widened = load(f"{file}:with_docstring", input_shapes={"": (1, 9)})
    assert str(widened.values[widened.inputs[0]]) == "int64[1, 9]"
    both = load(f"{file}:pair", input_shapes={"input2": (1, 3), "input1": (1, 4)})
    assert [both.values[name].shape for name in both.inputs] == [(1, 4), (1, 3)]


def test_live_modules_take_tensors_and_arrays() -> None:
    module = torch.nn.Linear(4, 2)
    for example in (torch.zeros(1, 4), np.zeros((1, 4), np.float32), [torch.zeros(1, 4)]):
        assert len(load(module, example).inputs) == 1


def test_wrong_examples(file: Path) -> None:
    with pytest.raises(UsageError, match="needs example inputs"):
        load(f"{file}:bare")
    with pytest.raises(UsageError, match='forward takes no argument "x"'):
        load(f"{file}:bare", input_shapes={"x": (1, 4)})
