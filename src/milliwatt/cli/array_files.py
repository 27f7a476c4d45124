# SPDX-License-Identifier: Apache-2.0
"""Reads inputs from .npy and .npz files and writes outputs to them, whole or not at all."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from milliwatt.errors import UsageError
from milliwatt.ir import Graph

Array = npt.NDArray[Any]


def read_samples(path: Path, graph: Graph) -> tuple[list[tuple[Array, ...]], bool]:
    """Sets of inputs for a graph, and whether the file holds a batch (a leading extra axis).

    Raises:
        UsageError: the file cannot be read, or does not hold what the graph takes.
    """
    arrays = _read(path, graph)
    batched: set[int | None] = set()
    for name, array in zip(graph.inputs, arrays, strict=True):
        kind = graph.values[name]
        if array.dtype != kind.dtype.numpy or array.shape[-len(kind.shape) or array.ndim :] != kind.shape:
            raise _mismatch(path, name, array, graph)
        if array.ndim not in (len(kind.shape), len(kind.shape) + 1):
            raise _mismatch(path, name, array, graph)
        batched.add(array.shape[0] if array.ndim > len(kind.shape) else None)
    if len(batched) != 1:
        raise UsageError("the inputs have different numbers of samples", where=str(path))
    count = batched.pop()
    if count is None:
        return [tuple(arrays)], False
    return [tuple(array[index] for array in arrays) for index in range(count)], True


def _read(path: Path, graph: Graph) -> list[Array]:
    try:
        content = np.load(path, allow_pickle=False)
        if isinstance(content, np.ndarray):
            if len(graph.inputs) != 1:
                raise UsageError(
                    f"the model has {len(graph.inputs)} inputs, a .npy file holds one",
                    where=str(path),
                    hint=f"save them by name in a .npz: {', '.join(graph.inputs)}",
                )
            return [content]
        with content:
            missing = [name for name in graph.inputs if name not in content.files]
            if missing:
                raise UsageError(
                    f"the file has no array {missing[0]!r}",
                    where=str(path),
                    hint=f"the model's inputs are {', '.join(graph.inputs)}",
                )
            return [content[name] for name in graph.inputs]
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, SyntaxError) as error:
        raise UsageError(
            f"the inputs cannot be read: {error}",
            where=str(path),
            hint="write them with numpy.save or numpy.savez",
        ) from error


def _mismatch(path: Path, name: str, array: Array, graph: Graph) -> UsageError:
    kind = graph.values[name]
    batch = "one extra axis in front is a batch of samples"
    hint = batch if kind.quant is None else f"quantise with the scale and zero point shown; {batch}"
    if (
        array.dtype == kind.dtype.numpy
        and array.ndim == len(kind.shape)
        and array.shape[1:] == kind.shape[1:]
    ):
        hint = f"for a batch of {array.shape[0]} samples save array[:, numpy.newaxis], with one extra axis in front"
    return UsageError(
        f"input {name} must be {kind}, the file has {array.dtype}{list(array.shape)}",
        where=str(path),
        hint=hint,
    )


def write_outputs(path: Path, outputs: Mapping[str, Array]) -> None:
    """One array as .npy, or several by name as .npz (also one, where the suffix is .npz)."""

    def save(stream: IO[bytes]) -> None:
        if path.suffix == ".npz" or len(outputs) > 1:
            np.savez(stream, **outputs)  # type: ignore[arg-type]
        else:
            np.save(stream, next(iter(outputs.values())))

    write_whole(path, save)


def write_whole(path: Path, save: Any) -> None:
    """Write a file through a temporary one beside it, so that it is there whole or not at all.

    Raises:
        UsageError: the folder is not there or cannot be written to.
    """
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise UsageError(f"the file cannot be written: {error}", where=str(path)) from error
    try:
        with os.fdopen(handle, "wb") as stream:
            save(stream)
        Path(temporary).chmod(0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
