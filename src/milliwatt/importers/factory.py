# SPDX-License-Identifier: Apache-2.0
"""``model.py:function``: a function of the user's own that makes a model, and the example inputs that go with it.

The function is called without arguments and returns the model, or the model and its example inputs. Where it returns
no inputs, shapes come from, in this order:

* ``--input-shape``;
* its parameter ``input_shape``, whose default is a shape or a tuple of shapes;
* lines of its docstring: ``input: 1x3x32x32`` or ``input: 1x16 int64``, one a line, in order.
"""

from __future__ import annotations

import importlib.util
import inspect
import re
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.errors import UsageError
from milliwatt.importers.request import Request
from milliwatt.ir import Shape

Array = npt.NDArray[Any]

_LINE = re.compile(r"^\s*input:\s*(?P<shape>\d+(?:x\d+)*)(?:\s+(?P<dtype>\w+))?\s*$", re.MULTILINE)
_DTYPES = ("float32", "int8", "uint8", "int32", "int64", "bool")


@dataclass(frozen=True)
class Made:
    """What a factory made.

    Attributes:
        model: the object, of whatever framework.
        example: its example inputs, or None where nothing says their shapes.
    """

    model: object
    example: tuple[object, ...] | None


def split(text: str) -> tuple[Path, str] | None:
    """The file and the function of ``model.py:function``; None for anything else."""
    path, colon, function = text.rpartition(":")
    return (Path(path), function) if colon and path.endswith(".py") else None


def call(path: Path, function: str, request: Request) -> Made:
    """Import the user's file, call the function and find its example inputs.

    Raises:
        UsageError: there is no such file or function, the user's code fails, or shapes are given in a wrong way.
    """
    where = f"{path}:{function}"
    factory = getattr(_module(path), function, None)
    if not callable(factory):
        raise UsageError("the file has no such function", where=where, hint="write FILE.py:FUNCTION")
    made = _guarded(path, factory)
    if isinstance(made, tuple):
        if len(made) != 2:
            raise UsageError(
                f"the function returned {len(made)} things",
                where=where,
                hint="return the model, or the model and a tuple of its example inputs",
            )
        model, example = made
        return Made(model, tuple(example) if isinstance(example, tuple | list) else (example,))
    return Made(made, _example(factory, request, where))


def _module(path: Path) -> Any:
    if not path.is_file():
        raise UsageError("there is no such file", where=str(path))
    spec = importlib.util.spec_from_file_location(path.stem, path.resolve())
    if spec is None or spec.loader is None:
        raise UsageError("this is no Python file", where=str(path))
    module = importlib.util.module_from_spec(spec)
    folder = str(path.resolve().parent)
    # The user's file may import its neighbours, also later, when the function runs.
    if folder not in sys.path:
        sys.path.insert(0, folder)
    sys.modules[spec.name] = module
    loader = spec.loader
    _guarded(path, lambda: loader.exec_module(module))
    return module


def _guarded(path: Path, action: Callable[[], Any]) -> Any:
    """Run the user's code; what it raises becomes an error that names the line."""
    try:
        return action()
    except Exception as error:  # the user's code may raise anything
        frames = [
            frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(path.name)
        ]
        line = frames[-1].lineno if frames else getattr(error, "lineno", None)
        text = str(error).strip().splitlines()
        raise UsageError(
            f"the model's own code failed: {type(error).__name__}: {text[0] if text else 'no message'}",
            where=f"{path}:{line}" if line else str(path),
        ) from error


def _example(factory: Callable[..., Any], request: Request, where: str) -> tuple[Array, ...] | None:
    if request.input_shapes:
        shapes = list(request.input_shapes.values())
        return tuple(_array(shape, "float32") for shape in shapes)
    parameter = inspect.signature(factory).parameters.get("input_shape")
    if parameter is not None and parameter.default is not inspect.Parameter.empty:
        return tuple(_array(shape, "float32") for shape in _shapes(parameter.default, where))
    found = list(_LINE.finditer(inspect.getdoc(factory) or ""))
    if not found:
        return None
    for line in found:
        if line["dtype"] not in (None, *_DTYPES):
            raise UsageError(
                f"{line['dtype']} is no element type", where=where, hint=f"one of {', '.join(_DTYPES)}"
            )
    return tuple(
        _array(tuple(int(part) for part in line["shape"].split("x")), line["dtype"] or "float32")
        for line in found
    )


def _shapes(default: object, where: str) -> list[Shape]:
    """A shape, or several."""
    several = (
        default
        if isinstance(default, tuple | list) and default and not isinstance(default[0], int)
        else [default]
    )
    shapes = [tuple(shape) for shape in several if isinstance(shape, tuple | list)]
    if len(shapes) != len(several) or not all(
        isinstance(extent, int) for shape in shapes for extent in shape
    ):
        raise UsageError(
            "the default of the parameter input_shape is no shape",
            where=where,
            hint="for example (1, 3, 32, 32)",
        )
    return shapes


def _array(shape: Shape, dtype: str) -> Array:
    """An example of that shape: floats are random, for models that look at their data; others are zero."""
    if dtype == "float32":
        return np.random.default_rng(0).normal(size=shape).astype(np.float32)
    return np.zeros(shape, dtype)
