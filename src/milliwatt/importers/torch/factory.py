# SPDX-License-Identifier: Apache-2.0
"""Models that a function in a Python file makes: ``model.py:function``.

The function takes no arguments and returns a module, or a module and example inputs. Where it returns the module
alone, shapes are what the user gave, or lines of its docstring::

    def keyword_spotter():
        \"\"\"A small network.

        input: 1x1x49x10
        tokens: 1x16 int64
        \"\"\"

A line is a name, a colon, the extents and, unless it is float32, the element type; the order is forward's.
"""

from __future__ import annotations

import importlib.util
import inspect
import re
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from milliwatt.errors import UsageError
from milliwatt.importers.torch.framework import torch
from milliwatt.ir import Shape

_LINE = re.compile(
    r"^\s*(?P<name>[A-Za-z_]\w*)\s*:\s*(?P<shape>\d+(?:\s*[x×]\s*\d+)*)(?:\s+(?P<type>[a-z]+\d*))?\s*$"
)
_TYPES = ("float32", "int8", "uint8", "int16", "int32", "int64", "bool")


def made(path: Path, function: str, input_shapes: Mapping[str, Shape] | None) -> tuple[Any, tuple[Any, ...]]:
    """The module and its example inputs.

    Raises:
        UsageError: there is no such file or function, the user's code fails, or shapes are missing.
    """
    framework = torch()
    factory = _function(path, function)
    where = f"{path.name}:{function}"
    result = _run(path, factory)
    module, example = result if isinstance(result, tuple) and len(result) == 2 else (result, None)
    if not isinstance(module, framework.nn.Module):
        raise UsageError(
            f"{function} returned {type(result).__name__}, not a torch.nn.Module",
            where=where,
            hint="return the module, or the module and example inputs",
        )
    if input_shapes:
        return module, _zeros(_asked(input_shapes, factory, module))
    if example is not None:
        return module, tuple(example) if isinstance(example, tuple | list) else (example,)
    declared = _declared(factory)
    if not declared:
        raise UsageError(
            "the shapes of the inputs are not known",
            where=where,
            hint='return (module, example inputs), write "input: 1x3x32x32" in the docstring, or give the shapes',
        )
    return module, _zeros(list(declared.values()))


def _function(path: Path, function: str) -> Callable[[], Any]:
    if not path.is_file():
        raise UsageError("there is no such file", where=str(path))
    name = f"milliwatt_user_{re.sub(r'[^A-Za-z0-9_]', '_', path.stem)}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UsageError("this is not a Python file", where=str(path))
    module = importlib.util.module_from_spec(spec)
    loader = spec.loader
    sys.path.insert(0, str(path.parent.resolve()))
    sys.modules[name] = module
    try:
        _run(path, lambda: loader.exec_module(module))
    finally:
        sys.path.remove(str(path.parent.resolve()))
    found = getattr(module, function, None)
    if not callable(found):
        known = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise UsageError(
            f"{path.name} has no function {function}",
            where=str(path),
            hint=f"it has {', '.join(known) or 'none'}",
        )
    return found  # type: ignore[no-any-return]


def _run(path: Path, call: Callable[[], Any]) -> Any:
    """The result of the user's code.

    Raises:
        UsageError: it raised an exception; the place is its line in the user's file.
    """
    try:
        return call()
    except Exception as error:
        raise UsageError(
            f"the model's own code failed: {type(error).__name__}: {error}", where=_place(path, error)
        ) from error


def _place(path: Path, error: BaseException) -> str:
    """The innermost line in the user's file, or the line of a syntax error."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(error.filename).name}:{error.lineno}"
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).name == path.name
    ]
    return f"{path.name}:{frames[-1].lineno} {frames[-1].line}".rstrip() if frames else path.name


def _declared(factory: Callable[[], Any]) -> dict[str, tuple[Shape, str]]:
    """The inputs that the docstring lists, in its order."""
    found: dict[str, tuple[Shape, str]] = {}
    for line in (factory.__doc__ or "").splitlines():
        match = _LINE.match(line)
        if match and (match["type"] or "float32") in _TYPES:
            shape = tuple(int(extent) for extent in re.split("[x×]", match["shape"]))
            found[match["name"]] = (shape, match["type"] or "float32")
    return found


def _asked(shapes: Mapping[str, Shape], factory: Callable[[], Any], module: Any) -> list[tuple[Shape, str]]:
    """The user's shapes in the order of forward's arguments, with the docstring's types."""
    declared = _declared(factory)
    names = [name for name in inspect.signature(module.forward).parameters if name in shapes]
    if "" in shapes:
        names = ["", *names]
    unknown = sorted(set(shapes) - set(names))
    if unknown:
        raise UsageError(
            f"forward takes no {unknown[0]}",
            hint=f"it takes {', '.join(inspect.signature(module.forward).parameters)}",
        )
    types = {name: kind for name, (_, kind) in declared.items()}
    first = next(iter(types.values()), "float32")
    return [(tuple(shapes[name]), types.get(name, first if name == "" else "float32")) for name in names]


def _zeros(inputs: list[tuple[Shape, str]]) -> tuple[Any, ...]:
    framework = torch()
    return tuple(framework.zeros(shape, dtype=getattr(framework, kind)) for shape, kind in inputs)
