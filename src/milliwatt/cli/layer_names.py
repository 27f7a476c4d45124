# SPDX-License-Identifier: Apache-2.0
"""Layers in the words of the user's model, short enough for a table.

What a node keeps of where it comes from is written by its importer:

* PyTorch: ``net.py:14 x = self.features(x) (features.0)``: line, text and the path of the module;
* Keras: ``Conv2D "stem"``;
* ONNX and TFLite: ``node 3: Conv "/features/Conv"``;
* layers that were made one: their places joined by `` + ``, an activation by its operator;
* what the passes add: ``order of VALUE``, ``shape of VALUE``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

LONGEST = 48

_LINE = r"\S+:\d+"
_NEXT = re.compile(
    rf' \+ (?=[A-Z][A-Z0-9_]*(?: \+ |$)|{_LINE} |node \d+: |\w+ "|(?:order|shape) of )', re.ASCII
)
_NUMBERED = re.compile(r'node \d+: \S+ "(?P<name>.+)"')
_LAYER = re.compile(r'\w+ "(?P<name>.+)"')
# `return (x)` and `a * (x)` end like a path, but are code.
_CODE = re.compile(rf"(?P<line>{_LINE}) (?P<code>.*?)(?:(?<!return)(?<![-=+*/,@]) \((?P<path>[^()\s]+)\))?")
_ADDED = re.compile(r"(?P<what>order|shape) of .*", re.DOTALL)


def cut(text: str, longest: int = LONGEST) -> str:
    """The text, without its middle where it has more than ``longest`` characters: both ends tell layers apart."""
    if len(text) <= longest:
        return text
    head = (longest - 1) // 2
    return f"{text[:head]}…{text[len(text) - (longest - 1 - head) :]}"


def layer_name(source: str) -> str:
    """The layers that a source speaks of: paths of modules, names of layers or nodes, or else lines of code."""
    return cut(" + ".join(dict.fromkeys(_name(part) for part in _NEXT.split(source))))


def place_name(source: str) -> str:
    """`layer_name` with the line of the user's file in front, where the source has one."""
    first = _CODE.fullmatch(_NEXT.split(source)[0])
    name = layer_name(source)
    return name if first is None or not first["path"] else f"{first['line']} {name}"


def layer_names(
    steps: Iterable[tuple[str, Sequence[str], Sequence[str]]], *, with_lines: bool = False
) -> list[str]:
    """The name of each step; what the passes add is named after the layer, or the input, that it rearranges.

    Args:
        steps: source, values read and values written of each step, in order of execution.
        with_lines: `place_name` instead of `layer_name`.
    """
    named = place_name if with_lines else layer_name
    makers: dict[str, str] = {}
    found = []
    for source, reads, writes in steps:
        added = _ADDED.fullmatch(source)
        if added is None or not reads:
            name = maker = named(source)
        else:
            maker = makers.get(reads[0], cut(reads[0]))
            name = f"{added['what']} of {maker}"
        makers.update(dict.fromkeys(writes, maker))
        found.append(name)
    return found


def _name(part: str) -> str:
    for pattern in (_NUMBERED, _LAYER):
        match = pattern.fullmatch(part)
        if match:
            return match["name"]
    code = _CODE.fullmatch(part)
    return code["path"] if code and code["path"] else part
