# SPDX-License-Identifier: Apache-2.0
"""``model.py:function``: a function of the user's own that makes a model, and the example inputs that go with it.

The function is called without arguments and returns the model, or the model and its example inputs. Where it returns
no inputs, shapes come from, in this order:

* ``--input-shape``;
* its parameter ``input_shape``, whose default is a shape or a tuple of shapes;
* lines of its docstring, the model's arguments in order: ``image: 1x3x32x32`` or ``tokens: 1x16 int64``.
"""

from __future__ import annotations

import importlib.util
import inspect
import re
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.errors import UsageError
from milliwatt.importers.request import Request
from milliwatt.ir import Shape

Array = npt.NDArray[Any]

_LINE = re.compile(
    r"^\s*(?P<name>[A-Za-z_]\w*)\s*:\s*(?P<shape>\d+(?:\s*[x×]\s*\d+)*)(?:\s+(?P<dtype>[a-z]+\d*))?\s*$",
    re.MULTILINE,
)
_DTYPES = ("float32", "int8", "uint8", "int16", "int32", "int64", "bool")


@dataclass(frozen=True)
class Made:
    """What a factory made.

    Attributes:
        model: the object, of whatever framework.
        example: its example inputs, in order or by the names of its arguments ("" for the first), or None where
            nothing says their shapes.
    """

    model: object
    example: tuple[object, ...] | Mapping[str, Array] | None


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
    module = _module(path)
    factory = getattr(module, function, None)
    if not callable(factory):
        raise UsageError("the file has no such function", where=where, hint=_functions(module))
    _needs_nothing(factory, where)
    made = _guarded(path, factory)
    model, example = _pair(made, where) if isinstance(made, tuple) else (made, None)
    if example is None or request.input_shapes:
        return Made(model, _example(factory, request, where))
    return Made(model, example)


def _functions(module: ModuleType) -> str:
    """A hint with the functions that the file itself defines."""
    own = [
        name
        for name, item in vars(module).items()
        if inspect.isfunction(item) and item.__module__ == module.__name__ and not name.startswith("_")
    ]
    return (
        f"it has {', '.join(own[:10])}"
        if own
        else "write FILE.py:FUNCTION, a function that returns the model"
    )


def _parameters(factory: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(factory).parameters
    except (TypeError, ValueError):  # some of what is written in C says nothing of its parameters
        return {}


def _needs_nothing(factory: Callable[..., Any], where: str) -> None:
    """Refuse functions that cannot be called without arguments."""
    missing = [
        name
        for name, parameter in _parameters(factory).items()
        if parameter.default is inspect.Parameter.empty
        and parameter.kind not in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    ]
    if missing:
        raise UsageError(
            f"the function is called without arguments, but needs {', '.join(missing)}",
            where=where,
            hint="give them defaults, or write a function without arguments that calls it",
        )


def _pair(made: tuple[object, ...], where: str) -> tuple[object, tuple[object, ...]]:
    if len(made) != 2:
        raise UsageError(
            f"the function returned {len(made)} things",
            where=where,
            hint="return the model, or the model and a tuple of its example inputs",
        )
    model, example = made
    return model, tuple(example) if isinstance(example, tuple | list) else (example,)


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


def _example(
    factory: Callable[..., Any], request: Request, where: str
) -> tuple[Array, ...] | Mapping[str, Array] | None:
    declared = _declared(factory, where)
    if request.input_shapes:
        first = next(iter(declared.values()), (None, "float32"))[1]
        return {
            name: _array(shape, declared[name][1] if name in declared else first if name == "" else "float32")
            for name, shape in request.input_shapes.items()
        }
    parameter = _parameters(factory).get("input_shape")
    if parameter is not None and parameter.default is not inspect.Parameter.empty:
        return tuple(_array(shape, "float32") for shape in _shapes(parameter.default, where))
    return tuple(_array(shape, dtype) for shape, dtype in declared.values()) or None


def _declared(factory: Callable[..., Any], where: str) -> dict[str, tuple[Shape, str]]:
    """The inputs that the docstring lists: shape and element type by name."""
    found: dict[str, tuple[Shape, str]] = {}
    for line in _LINE.finditer(inspect.getdoc(factory) or ""):
        if "x" not in line.group() and not line["dtype"] and "×" not in line.group():
            continue  # "width: 3" speaks of something else
        dtype = line["dtype"] or "float32"
        if dtype not in _DTYPES:
            raise UsageError(f"{dtype} is no element type", where=where, hint=f"one of {', '.join(_DTYPES)}")
        found[line["name"]] = tuple(int(extent) for extent in re.split("[x×]", line["shape"])), dtype
    return found


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
