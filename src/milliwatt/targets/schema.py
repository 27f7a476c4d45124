# SPDX-License-Identifier: Apache-2.0
"""Reads a table of a TOML file strictly: every key known, every key there, every type right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from milliwatt.errors import UsageError


def checked(
    table: Mapping[str, Any], keys: Mapping[str, type], *, where: str, optional: Mapping[str, type]
) -> None:
    """Check the keys of a table and the types of their values.

    Args:
        table: what was read.
        keys: the keys that must be there, with the type of each; a float may be written as an integer.
        where: the file and table, for the error.
        optional: the keys that may be there.

    Raises:
        UsageError: a key is missing or unknown, or its value has the wrong type.
    """
    for key in keys:
        if key not in table:
            raise UsageError(f"the key {key!r} is missing", where=where)
    known = {**keys, **optional}
    for key, value in table.items():
        if key not in known:
            raise UsageError(
                f"the key {key!r} is unknown", where=where, hint=f"the keys here are {', '.join(known)}"
            )
        if not _fits(value, known[key]):
            wanted, got = known[key].__name__, type(value).__name__
            raise UsageError(f"the key {key!r} must be of type {wanted}, but is of type {got}", where=where)


def positive(table: Mapping[str, Any], *keys: str, where: str) -> None:
    """Check that numbers are above zero.

    Raises:
        UsageError: one is not.
    """
    for key in keys:
        if table[key] <= 0:
            raise UsageError(f"the key {key!r} must be above 0, but is {table[key]}", where=where)


def _fits(value: object, kind: type) -> bool:
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, (int, float) if kind is float else kind)
