# SPDX-License-Identifier: Apache-2.0
"""Keeps what the tools made, named by a hash of all that went in, so that no work is done twice."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import platformdirs


def cache_directory() -> Path:
    """The folder of the cache: $MILLIWATT_CACHE, else the user's cache folder of the operating system."""
    return Path(
        os.environ.get("MILLIWATT_CACHE") or platformdirs.user_cache_dir("milliwatt", appauthor=False)
    )


def content_key(*parts: str | Sequence[str]) -> str:
    """A hash of texts and lists of texts; different lists of parts never run together."""
    digest = hashlib.sha256()
    for part in parts:
        texts = (part,) if isinstance(part, str) else tuple(part)
        digest.update(f"{len(texts)};".encode())
        for text in texts:
            raw = text.encode()
            digest.update(f"{len(raw)}:".encode() + raw)
    return digest.hexdigest()[:40]


def cached(key: str, make: Callable[[Path], None]) -> Path:
    """The folder of results for a key, made when it is not there yet.

    The folder appears at once and whole: two processes may make it at the same time, and one that is
    interrupted leaves nothing behind.

    Args:
        key: from `content_key`.
        make: writes the results into an empty folder; may raise.
    """
    final = cache_directory() / "builds" / key[:2] / key
    if final.is_dir():
        return final
    final.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".work-", dir=final.parent))
    try:
        make(work)
        try:
            work.rename(final)
        except OSError:
            if not final.is_dir():
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return final
