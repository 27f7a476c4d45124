# SPDX-License-Identifier: Apache-2.0
"""Models that a function in a Python file makes."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (the extra train)")

from milliwatt.errors import UsageError  # noqa: E402
from milliwatt.importers.torch import from_factory  # noqa: E402

TEXT = '''
import torch
from sizes import WIDTH

def with_example():
    return torch.nn.Linear(WIDTH, 2), torch.zeros(1, WIDTH)

def with_tuple():
    return torch.nn.Bilinear(WIDTH, 3, 2), (torch.zeros(1, WIDTH), torch.zeros(1, 3))

def with_docstring():
    """A table.

    tokens: 1x5 int64
    """
    return torch.nn.Embedding(7, 2)

def bare():
    return torch.nn.Linear(WIDTH, 2)

def no_module():
    return 3

def failing():
    size = None
    return torch.nn.Linear(size, 2)
'''


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that imports another one beside it."""
    (tmp_path / "sizes.py").write_text("WIDTH = 4\n")
    path = tmp_path / "model.py"
    path.write_text(TEXT)
    return path


def test_example_inputs_are_returned(file: Path) -> None:
    graph = from_factory(file, "with_example")
    assert graph.name == "with_example"
    assert graph.values[graph.inputs[0]].shape == (1, 4)
    pair = from_factory(file, "with_tuple")
    assert [pair.values[name].shape for name in pair.inputs] == [(1, 4), (1, 3)]


def test_inputs_are_read_from_the_docstring(file: Path) -> None:
    graph = from_factory(file, "with_docstring")
    assert str(graph.values[graph.inputs[0]]) == "int64[1, 5]"


def test_shapes_of_the_user(file: Path) -> None:
    assert from_factory(file, "bare", {"": (3, 4)}).values["linear"].shape == (3, 2)
    assert from_factory(file, "bare", {"input": (5, 4)}).values["linear"].shape == (5, 2)
    widened = from_factory(file, "with_docstring", {"": (1, 9)})
    assert str(widened.values[widened.inputs[0]]) == "int64[1, 9]"


@pytest.mark.parametrize(
    ("function", "shapes", "message", "where"),
    [
        ("bare", None, "shapes of the inputs are not known", "model.py:bare"),
        ("bare", {"x": (1, 4)}, "forward takes no x", ""),
        ("absent", None, "has no function absent", "model.py"),
        ("no_module", None, "returned int", "model.py:no_module"),
        (
            "failing",
            None,
            "the model's own code failed: TypeError",
            "model.py:26 return torch.nn.Linear(size, 2)",
        ),
    ],
)
def test_errors_name_the_place(
    file: Path, function: str, shapes: dict[str, tuple[int, ...]] | None, message: str, where: str
) -> None:
    with pytest.raises(UsageError, match=message) as error:
        from_factory(file, function, shapes)
    assert error.value.where.endswith(where)


def test_file_that_cannot_be_run(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text("def broken(:\n")
    with pytest.raises(UsageError, match="SyntaxError") as error:
        from_factory(path, "broken")
    assert error.value.where == "model.py:1"
    with pytest.raises(UsageError, match="no such file"):
        from_factory(tmp_path / "absent.py", "broken")
