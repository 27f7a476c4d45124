# SPDX-License-Identifier: Apache-2.0
"""Model files -> graphs. One file or package per format, found by walking this package.

An importer is a module with

* ``SUFFIXES``: the file suffixes that it takes, lower case, with the dot;
* ``load(data: bytes, name: str, request: Request) -> Graph``: a verified graph, or ModelError or UnsupportedError;
* where the framework's own objects can be taken, ``takes(model: object) -> bool``, cheap and without importing the
  framework, and ``from_object(model: object, example: object, name: str, request: Request) -> Graph``.

What a user should know about an import that went well is said with ``warnings.warn(..., ImportNotice)``.

A framework that an importer needs is imported inside its functions, so that looking for importers stays
cheap and none is a dependency of the others.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType, ModuleType

from milliwatt.errors import MilliwattError, UnsupportedError, UsageError
from milliwatt.importers import factory
from milliwatt.importers.request import Request
from milliwatt.ir import Graph

MAX_FILE_BYTES = 256 * 2**20

Load = Callable[[bytes, str, Request], Graph]


class ImportNotice(UserWarning):
    """Something that was decided on import and that the user should know, such as a batch fixed to 1."""


@functools.cache
def _modules() -> tuple[ModuleType, ...]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return tuple(importlib.import_module(f"{__name__}.{name}") for name in names)


@functools.cache
def importers() -> Mapping[str, Load]:
    """The ``load`` of each importer by suffix, in alphabetical order."""
    found = {suffix: module.load for module in _modules() for suffix in getattr(module, "SUFFIXES", ())}
    return MappingProxyType(dict(sorted(found.items())))


def load(
    model: object,
    example: object = None,
    *,
    name: str | None = None,
    request: Request | None = None,
) -> Graph:
    """The graph of a model file, or of a live object of a framework.

    Args:
        model: the path of a file, ``file.py:function`` for a function that makes the model (`factory`), or an object,
            for example a PyTorch module or a scikit-learn estimator.
        example: inputs that the object takes, where shapes do not follow from it.
        name: the graph's name; by default the file's, or the object's class.
        request: what the user says beside the model.

    Raises:
        UsageError: there is no such file, it cannot be read, or no importer takes its suffix or the object.
        ModelError: the file is damaged.
        UnsupportedError: the model uses something that milliwatt does not support.

    Example:
        >>> graph = load("keyword_spotting.tflite")  # doctest: +SKIP
    """
    request = request or Request()
    if not isinstance(model, str | Path):
        return _load_object(model, example, name or graph_name(type(model).__name__), request)
    place = factory.split(str(model))
    if place is not None:
        made = factory.call(*place, request)
        # The shapes that the user gave are those of the example by now.
        rest = Request(trust=request.trust)
        with at(str(model)):
            return _load_object(made.model, made.example, name or graph_name(place[1]), rest)
    path = Path(model)
    known = importers()
    importer = known.get(path.suffix.lower())
    if importer is None:
        raise UsageError(
            f"no importer takes files that end in {path.suffix!r}",
            where=str(path),
            hint=f"name the function that makes the model: {path}:FUNCTION"
            if path.suffix == ".py"
            else f"known: {', '.join(known)}, and FILE.py:FUNCTION",
        )
    content = _content(path)
    with at(str(path)):
        return importer(content, name or graph_name(path.stem), request)


@contextmanager
def at(place: str) -> Iterator[None]:
    """Give errors that name no place the model's."""
    try:
        yield
    except MilliwattError as error:
        error.where = error.where or place
        raise


def _load_object(model: object, example: object, name: str, request: Request) -> Graph:
    for module in _modules():
        if hasattr(module, "takes") and module.takes(model):
            graph: Graph = module.from_object(model, example, name, request)
            return graph
    kind = f"{type(model).__module__}.{type(model).__qualname__}"
    raise UsageError(
        f"no importer takes a {kind}",
        hint=f"give a model of PyTorch, Keras or scikit-learn, or save it as one of {', '.join(importers())}",
    )


def graph_name(stem: str) -> str:
    """A file's name as a C identifier in lower case, the default prefix of what is emitted."""
    name = re.sub(r"[^a-z0-9]+", "_", stem.lower()).strip("_")
    return name if name[:1].isalpha() else f"model_{name}".rstrip("_")


def _content(path: Path) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UsageError("this is a folder or a device, not a file", where=str(path))
        if status.st_size > MAX_FILE_BYTES:
            raise UnsupportedError(
                f"the file has {status.st_size:,} bytes; a microcontroller's model has less than {MAX_FILE_BYTES:,}",
                where=str(path),
            )
        return path.read_bytes()
    except FileNotFoundError as error:
        raise UsageError("there is no such file", where=str(path)) from error
    except OSError as error:
        raise UsageError(f"the file cannot be read: {error.strerror}", where=str(path)) from error
