# SPDX-License-Identifier: Apache-2.0
"""The child process that reads HDF5: libhdf5 is C, and a damaged file may crash it.

The file comes on standard input; an archive of NumPy (.npz) goes to standard output: arrays by their paths, and
under "attributes" a JSON text of those attributes that the importer wants, by path. Nothing outside of the file is
opened: links to other files, external and virtual data sets are refused. Run as a script it needs NumPy and h5py.
"""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import numpy as np

WANTED = ("model_config", "keras_version", "weight_names", "layer_names", "name")
MAX_BYTES = 256 * 2**20
"""Of all data sets together."""

MAX_OBJECTS = 20_000
MAX_MEMORY = 4 * 2**30


class RefusedError(Exception):
    """The file is not what a Keras model can be."""


def read(data: bytes) -> bytes:
    """The .npz archive for the bytes of an HDF5 file."""
    import h5py

    arrays: dict[str, Any] = {}
    attributes: dict[str, dict[str, Any]] = {}
    with h5py.File(io.BytesIO(data), "r") as file:
        _walk(file, "", arrays, attributes, [0, 0])
    arrays["attributes"] = np.frombuffer(json.dumps(attributes).encode(), np.uint8)
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def _walk(
    group: Any, path: str, arrays: dict[str, Any], attributes: dict[str, dict[str, Any]], spent: list[int]
) -> None:
    import h5py

    found = {key: _plain(group.attrs[key]) for key in WANTED if key in group.attrs}
    if found:
        attributes[path] = found
    for name in group:
        spent[0] += 1
        if spent[0] > MAX_OBJECTS or path.count("/") > 64:
            raise RefusedError("the file holds more objects than a microcontroller's model can have")
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise RefusedError(f"{path}/{name} is a link to another place")
        item, place = group[name], f"{path}/{name}"
        if isinstance(item, h5py.Group):
            _walk(item, place, arrays, attributes, spent)
        elif isinstance(item, h5py.Dataset):
            arrays[place] = _contents(item, place, spent)


def _contents(item: Any, place: str, spent: list[int]) -> Any:
    if item.external or item.is_virtual:
        raise RefusedError(f"{place} lies in another file")
    if item.shape is None or item.dtype.kind not in "fiub":
        return np.zeros(0, np.float32)
    spent[1] += item.size * item.dtype.itemsize
    if spent[1] > MAX_BYTES:
        raise RefusedError("the weights take more than 256 MiB")
    return np.asarray(item[()])


def _plain(value: Any) -> Any:
    """An attribute as JSON can hold it."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, np.ndarray):
        return [_plain(item) for item in value.tolist()]
    return value if isinstance(value, str | int | float | list) else str(value)


def limit_memory() -> None:
    """Let the system refuse what a hostile file asks for, where it can."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))


def main() -> int:
    """Read standard input; status 3 and one line of text where the file is not what it should be."""
    data = sys.stdin.buffer.read()
    try:
        import h5py  # noqa: F401
    except ImportError:
        print("h5py is not installed", file=sys.stderr)
        return 4
    limit_memory()
    try:
        result = read(data)
    except Exception as error:  # whatever h5py finds: the parent reports it  # noqa: BLE001
        print(
            f"{error}".strip().splitlines()[0] if f"{error}".strip() else type(error).__name__,
            file=sys.stderr,
        )
        return 3
    sys.stdout.buffer.write(result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
