# SPDX-License-Identifier: Apache-2.0
"""What failed in the user's own code, from an exception: the line, and the words of PyTorch made plain."""

from __future__ import annotations

import sysconfig
import traceback
from pathlib import Path, PurePath

import milliwatt
from milliwatt.importers.torch.source import printable, user_line_of

_LONGEST = 300
_NOT_THE_USERS = (str(Path(milliwatt.__file__).parent), sysconfig.get_paths()["stdlib"], "<frozen")


def place_of(error: BaseException, default: str) -> str:
    """``net.py:42 return self.head(x)``: the innermost line of the user's own code; ``default`` where none is known."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        # What is installed lies below the standard library's folder, too.
        if not frame.filename.startswith(_NOT_THE_USERS) and "-packages" not in frame.filename:
            return printable(f"{PurePath(frame.filename).name}:{frame.lineno} {frame.line or ''}".rstrip())
    # torch.export runs the module from code of its own, and tells the user's line in the message.
    return user_line_of(str(error)) or default


def words_of(error: BaseException) -> str:
    """The kind of the exception and the first line of its message."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:_LONGEST]}" if lines else type(error).__name__


def depends_on_data(error: BaseException) -> bool:
    """Whether torch.export failed since a branch or a shape follows from the values of a tensor."""
    return "data-dependent" in str(error)
