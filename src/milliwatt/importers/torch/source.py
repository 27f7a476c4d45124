# SPDX-License-Identifier: Apache-2.0
"""Where a node of an exported program comes from: the user's line and the path of the module."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any

_FRAME = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+), in [^\n]*(?:\n +(?P<code>[^\n]*))?')
_FRAMEWORK = re.compile(r"(?:site|dist)-packages[\\/](?:torch|torchao|torchvision|torchaudio)[\\/]")
_LONGEST = 100


def place(node: Any) -> str:
    """``model.py:42 x = self.conv1(x) (features.0)``: what is known of it, at least the node's own name."""
    path, line = module_path(node), user_line(node)
    label = f" ({path})" if path else ""
    return f"{line or node.name}{label}"


def user_line(node: Any) -> str:
    """File, line and text of the innermost frame outside of PyTorch; empty where the program keeps none.

    Only the file's own name is given, so that the same model gives the same text in every folder.
    """
    return user_line_of(str(node.meta.get("stack_trace") or ""))


def user_line_of(trace: str) -> str:
    """`user_line` of a printed stack."""
    frames = list(_FRAME.finditer(trace))
    own = [frame for frame in frames if not _FRAMEWORK.search(frame["file"])]
    if not own:
        return ""
    frame = own[-1]
    text = f"{PurePath(frame['file'].replace(chr(92), '/')).name}:{frame['line']} {(frame['code'] or '').strip()}"
    return printable(text[:_LONGEST].rstrip())


def module_path(node: Any) -> str:
    """The attribute path of the innermost module, for example ``features.0``; empty for the model itself."""
    stack = node.meta.get("nn_module_stack") or {}
    paths = [entry[0] for entry in stack.values() if isinstance(entry, tuple) and entry]
    if not paths or not isinstance(paths[-1], str):
        return ""
    return printable(re.sub(r"^(?:L\['self'\]|L__self__)\.?", "", paths[-1])[:_LONGEST])


def printable(text: str) -> str:
    """The text with a question mark for each character that cannot be printed."""
    return "".join(char if char.isprintable() else "?" for char in text)
