# SPDX-License-Identifier: Apache-2.0
"""How the tensors of a model file get value names: printable, never empty, never twice.

The rule depends on nothing but the list of names, so that whoever runs the same file in its own
framework can say which tensor is which value.
"""

from __future__ import annotations

from collections.abc import Iterable


def unique_names(names: Iterable[str]) -> tuple[str, ...]:
    """One value name per tensor name, in order.

    Characters that cannot be printed become ``?``, an empty name becomes ``tensor_<index>``, and a name
    that was given before gets the suffix ``.1``, ``.2``, …
    """
    taken: set[str] = set()
    counts: dict[str, int] = {}
    result: list[str] = []
    for index, name in enumerate(names):
        stem = name if name.isprintable() else "".join(char if char.isprintable() else "?" for char in name)
        stem = stem or f"tensor_{index}"
        unique = stem
        while unique in taken:
            counts[stem] = counts.get(stem, 0) + 1
            unique = f"{stem}.{counts[stem]}"
        taken.add(unique)
        result.append(unique)
    return tuple(result)
