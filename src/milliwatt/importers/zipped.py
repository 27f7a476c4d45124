# SPDX-License-Identifier: Apache-2.0
"""Zip archives of importers: what Python's reader raises on damaged ones becomes our error."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from milliwatt.errors import ModelError

_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError, OSError)


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Read an archive inside.

    Args:
        what: the sentence that the reader's own words follow.

    Raises:
        ModelError: the archive is damaged, encrypted or compressed in an unknown way.
    """
    try:
        yield
    except _DAMAGE as error:
        raise ModelError(f"{what}: {error}") from error
