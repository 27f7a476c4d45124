# SPDX-License-Identifier: Apache-2.0
"""Model files -> graphs. One file or package per format, found by walking this package.

An importer is a module with

* ``SUFFIXES``: the file suffixes that it takes, lower case, with the dot;
* ``load(data: bytes, name: str) -> Graph``: a verified graph, or ModelError or UnsupportedError.

A framework that an importer needs is imported inside its functions, so that looking for importers stays
cheap and none is a dependency of the others.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from milliwatt.errors import UnsupportedError, UsageError
from milliwatt.ir import Graph

MAX_FILE_BYTES = 256 * 2**20

Load = Callable[[bytes, str], Graph]


@functools.cache
def importers() -> Mapping[str, Load]:
    """The ``load`` of each importer by suffix, in alphabetical order."""
    found: dict[str, Load] = {}
    for module_info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        for suffix in getattr(module, "SUFFIXES", ()):
            found[suffix] = module.load
    return MappingProxyType(dict(sorted(found.items())))


def load(path: Path | str) -> Graph:
    """The graph of a model file, named after the file.

    Raises:
        UsageError: there is no such file, it cannot be read, or no importer takes its suffix.
        ModelError: the file is damaged.
        UnsupportedError: the model uses something that milliwatt does not support.

    Example:
        >>> graph = load("keyword_spotting.tflite")  # doctest: +SKIP
    """
    path = Path(path)
    known = importers()
    importer = known.get(path.suffix.lower())
    if importer is None:
        raise UsageError(
            f"no importer takes files that end in {path.suffix!r}",
            where=str(path),
            hint=f"known: {', '.join(known)}",
        )
    return importer(_content(path), graph_name(path.stem))


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
