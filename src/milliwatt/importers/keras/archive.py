# SPDX-License-Identifier: Apache-2.0
"""The bytes of a .keras archive or an .h5 file -> the model's configuration and its weights, without Keras."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from milliwatt.errors import ModelError, UnsupportedError
from milliwatt.importers.keras.hdf5 import HDF5, read_hdf5
from milliwatt.importers.zipped import reading

Array = npt.NDArray[Any]

MAX_BYTES = 256 * 2**20
"""Of one file of an archive, unpacked."""

_CONFIG, _METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"


class Weights(Protocol):
    """Where the weights of layers are."""

    def of(self, path: Sequence[str]) -> list[Array]:
        """The arrays of a layer, in the order in which Keras lists them: kernel, recurrent kernel, bias, …

        Args:
            path: names of the nested models around the layer, and its own.
        """


@dataclass(frozen=True)
class Archive:
    """A model as it was saved.

    Attributes:
        config: the configuration of the model: class name, layers, their calls.
        weights: of its layers.
        major: the major version of Keras that saved it.
    """

    config: dict[str, Any]
    weights: Weights
    major: int


def read(data: bytes) -> Archive:
    """A model out of the bytes of a file.

    Raises:
        ModelError: the bytes are damaged, or no Keras model.
        UnsupportedError: the file has weights without a model.
    """
    return _read_zip(data) if data[:2] == b"PK" else _read_hdf5(data)


def _read_hdf5(data: bytes) -> Archive:
    file = read_hdf5(data)
    root = file.attributes.get("", {})
    if "model_config" not in root:
        raise UnsupportedError(
            "the file holds weights alone, no model", hint="save the whole model: model.save('model.keras')"
        )
    config = parsed(str(root["model_config"]).encode(errors="replace"))
    return Archive(config, NamedWeights(file), _major(root.get("keras_version")))


def _read_zip(data: bytes) -> Archive:
    try:
        with reading("the archive is damaged"), zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = {name: _content(archive, name) for name in (_CONFIG, _METADATA, _WEIGHTS)}
    except KeyError as error:
        raise ModelError(f"this is no Keras archive: {error.args[0]}") from error
    version = parsed(files[_METADATA]).get("keras_version")
    weights = ContainedWeights(read_hdf5(files[_WEIGHTS], where=_WEIGHTS))
    return Archive(parsed(files[_CONFIG]), weights, _major(version))


def _content(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > MAX_BYTES:
        raise UnsupportedError(f"{name} takes more than 256 MiB", where=name)
    with archive.open(name) as stream:
        content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ModelError(f"{name} is longer than the archive says", where=name)
    return content


def parsed(text: bytes) -> dict[str, Any]:
    """A configuration.

    Raises:
        ModelError: the text is no JSON object.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"the model's configuration is damaged: {error}") from error
    if not isinstance(found, dict):
        raise ModelError("the model's configuration is damaged: it is no object")
    return found


def _major(version: object) -> int:
    head = str(version or "2").split(".", 1)[0]
    return int(head) if head.isdigit() and len(head) < 4 else 2


@dataclass(frozen=True)
class NamedWeights:
    """Weights in an .h5 model: every layer's group lists its arrays by name."""

    file: HDF5

    def of(self, path: Sequence[str]) -> list[Array]:
        """See `Weights`. A nested model's group lists the arrays of all its layers; names tell whose they are."""
        group = f"/model_weights/{path[0]}"
        names = self.file.attributes.get(group, {}).get("weight_names", [])
        if not isinstance(names, list):
            raise ModelError("the list of weights is damaged", where="/".join(path))
        found = []
        for name in names:
            inner = str(name).split("/")
            if len(path) > 1 and path[-1] not in inner[:-1]:
                continue
            array = self.file.arrays.get(f"{group}/{name}")
            if array is None:
                raise ModelError(f"the array {name} is missing", where="/".join(path))
            found.append(_float32(array))
        return found


@dataclass(frozen=True)
class ContainedWeights:
    """Weights in a .keras archive: groups nested as the layers are; each says its layer's name."""

    file: HDF5

    def of(self, path: Sequence[str]) -> list[Array]:
        """See `Weights`."""
        place = ""
        for name in path:
            found = self._child(place, name)
            if found is None:
                return []
            place = found
        return [_float32(self.file.arrays[item]) for item in sorted(self._below(place), key=_order)]

    def _child(self, place: str, name: str) -> str | None:
        """The group of a layer of the model at a place."""
        for key, said in self.file.attributes.items():
            parent, _, leaf = key.removesuffix("/vars").rpartition("/")
            if said.get("name") == name and parent == f"{place}/layers" and key.endswith("/vars") and leaf:
                return key.removesuffix("/vars")
        direct = f"{place}/layers/{name}"
        return direct if any(item.startswith(f"{direct}/") for item in self.file.arrays) else None

    def _below(self, place: str) -> list[str]:
        return [item for item in self.file.arrays if item.startswith(f"{place}/")]


def _order(path: str) -> tuple[tuple[int, int, str], ...]:
    """A layer's own arrays by number, then those of its parts; of two directions the forward one first."""

    def rank(part: str) -> tuple[int, int, str]:
        if part == "vars":
            return (0, 0, "")
        if part.isdigit():
            return (1, int(part[:9]), "")
        return (2, 0 if part.startswith(("forward", "depthwise")) else 1, part)

    return tuple(rank(part) for part in path.split("/"))


def _float32(array: Array) -> Array:
    return np.asarray(array, np.float32)
