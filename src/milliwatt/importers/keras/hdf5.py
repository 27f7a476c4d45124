# SPDX-License-Identifier: Apache-2.0
"""HDF5 files, read in a process of their own (`hdf5_worker`)."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.errors import ModelError, ToolchainError
from milliwatt.importers.keras import hdf5_worker

Array = npt.NDArray[Any]

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_TIMEOUT = 60.0
_MISSING = 4


@dataclass(frozen=True)
class HDF5:
    """The contents of a file.

    Attributes:
        arrays: data sets by path, in the file's order; paths begin with a slash.
        attributes: what groups say of themselves, by path; "" is the file.
    """

    arrays: Mapping[str, Array]
    attributes: Mapping[str, Mapping[str, Any]]


def read_hdf5(data: bytes, *, where: str = "") -> HDF5:
    """Read a whole file.

    Raises:
        ModelError: the file is damaged, or points outside of itself.
        ToolchainError: h5py is not installed.
    """
    if not data.startswith(_SIGNATURE):
        raise ModelError("this is no HDF5 file", where=where)
    try:
        # -P: the worker's folder must not shadow modules of the standard library.
        done = subprocess.run(
            [sys.executable, "-P", str(Path(hdf5_worker.__file__))],
            input=data,
            capture_output=True,
            timeout=_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ModelError(f"reading the HDF5 file takes longer than {_TIMEOUT:g} s", where=where) from error
    if done.returncode == _MISSING:
        raise ToolchainError(
            "Keras models need h5py, which is not installed", hint="pip install 'milliwatt[keras]'"
        )
    if done.returncode:
        text = done.stderr.decode(errors="replace").strip().splitlines()
        reason = (
            signal.Signals(-done.returncode).name if done.returncode < 0 else text[-1][:300] if text else ""
        )
        raise ModelError(f"the HDF5 file is damaged: {reason}", where=where)
    with np.load(io.BytesIO(done.stdout), allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    return HDF5(arrays, json.loads(arrays.pop("attributes").tobytes()))
