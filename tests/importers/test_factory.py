# SPDX-License-Identifier: Apache-2.0
"""Functions of the user's own that make models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from milliwatt.errors import ModelError, UsageError
from milliwatt.importers import load
from milliwatt.importers.factory import Made, call, split
from milliwatt.importers.request import Request, parse_shapes

FILE = '''
from pathlib import PurePath

def plain():
    return PurePath("model")

def with_example():
    return PurePath("model"), (1, 2)

def with_one_example():
    return PurePath("model"), "x"

def with_shape(input_shape=(1, 3, 8, 8)):
    return PurePath("model")

def with_shapes(input_shape=((1, 4), (2, 5))):
    return PurePath("model")

def documented():
    """A model.

    width: 3
    image: 1x16
    tokens: 2x3 int64
    """
    return PurePath("model")

def three():
    return 1, 2, 3

def wrong_shape(input_shape=("a",)):
    return PurePath("model")

def wrong_type():
    """input: 1x2 complex"""
    return PurePath("model")

def needing(width, *rest, depth, name="x", **more):
    return PurePath("model")

def failing():
    raise ZeroDivisionError("no\\nway")
'''


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "my_net.py"
    path.write_text(FILE)
    return path


def shapes(made: Made) -> list[tuple[int, ...]]:
    assert made.example is not None
    return [np.shape(array) for array in made.example]  # type: ignore[arg-type]


def test_the_text_is_split() -> None:
    assert split("a/b.py:net") == (Path("a/b.py"), "net")
    assert split("a/b.tflite") is None
    assert split("c:/b.tflite") is None


def test_what_a_function_returns(file: Path) -> None:
    assert call(file, "plain", Request()).example is None
    assert call(file, "with_example", Request()).example == (1, 2)
    assert call(file, "with_one_example", Request()).example == ("x",)


def test_where_shapes_come_from(file: Path) -> None:
    assert shapes(call(file, "with_shape", Request())) == [(1, 3, 8, 8)]
    assert shapes(call(file, "with_shapes", Request())) == [(1, 4), (2, 5)]
    documented = call(file, "documented", Request())
    assert shapes(documented) == [(1, 16), (2, 3)]
    assert [array.dtype.name for array in documented.example or ()] == ["float32", "int64"]  # type: ignore[attr-defined]
    asked = Request(parse_shapes(["1x5"]))
    for function in ("with_shape", "with_example", "documented"):
        example = call(file, function, asked).example
        assert isinstance(example, dict)
        assert {name: array.shape for name, array in example.items()} == {"": (1, 5)}
    named = call(file, "documented", Request(parse_shapes(["tokens=1x9"]))).example
    assert isinstance(named, dict)
    assert named["tokens"].dtype == np.int64


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("absent", "no such function"),
        ("three", "returned 3 things"),
        ("needing", "needs width, depth"),
        ("wrong_shape", "is no shape"),
        ("wrong_type", "complex is no element type"),
    ],
)
def test_wrong_functions(file: Path, function: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        call(file, function, Request())


def test_the_users_own_errors_name_the_line(file: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="ZeroDivisionError: no") as raised:
        call(file, "failing", Request())
    line = FILE.splitlines().index('    raise ZeroDivisionError("no\\nway")') + 1
    assert raised.value.where.endswith(f"my_net.py:{line}")
    broken = tmp_path / "broken.py"
    broken.write_text("def f(:\n")
    with pytest.raises(UsageError, match="SyntaxError") as raised:
        call(broken, "f", Request())
    assert raised.value.where.endswith("broken.py:1")
    with pytest.raises(UsageError, match="no such file"):
        call(tmp_path / "absent.py", "f", Request())


def test_a_missing_function_is_answered_with_those_that_there_are(file: Path) -> None:
    with pytest.raises(UsageError) as raised:
        call(file, "absent", Request())
    assert raised.value.hint.startswith("it has plain, with_example, ")
    with pytest.raises(UsageError) as raised:
        load(file)
    assert f"{file}:FUNCTION" in raised.value.hint


def test_an_object_that_nothing_takes(file: Path) -> None:
    with pytest.raises(UsageError, match=r"no importer takes a pathlib\S*Pure") as raised:
        load(f"{file}:plain")
    assert raised.value.where == f"{file}:plain"


def test_an_error_without_a_place_gets_the_file(tmp_path: Path) -> None:
    path = tmp_path / "text.onnx"
    path.write_text("no model")
    pytest.importorskip("onnx", reason="ONNX is not installed (the extra onnx)")
    with pytest.raises(ModelError) as raised:
        load(path)
    assert raised.value.where == str(path)


@pytest.mark.parametrize("text", ["", "1x", "x=1x0", "1x-3", "a=b"])
def test_wrong_shapes(text: str) -> None:
    with pytest.raises(UsageError, match="is no shape"):
        parse_shapes([text])


def test_shapes_by_name() -> None:
    request = Request(parse_shapes(["1x3", "mask=1,7"]))
    assert request.shape_of("mask", 1) == (1, 7)
    assert request.shape_of("image", 0) == (1, 3)
    assert request.shape_of("other", 2) is None
