# SPDX-License-Identifier: Apache-2.0
"""C literals, arrays and identifiers."""

from __future__ import annotations

import re
import textwrap
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.errors import UsageError

Array = npt.NDArray[Any]

# Words of C99, C++11 and later C++ that cannot be names.
_RESERVED = frozenset(
    keyword
    for line in (
        "alignas alignof and asm auto bool break case catch char class compl const constexpr continue default delete",
        "do double else enum explicit export extern false float for friend goto if inline int long mutable namespace",
        "new not nullptr operator or private protected public register restrict return short signed sizeof static",
        "struct switch template this throw true try typedef typename union unsigned using virtual void volatile while",
        "xor main",
    )
    for keyword in line.split()
)


def prefix(text: str) -> str:
    """A C prefix made from a file's stem: lower case letters, digits and underscores."""
    name = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    if not name or name[0].isdigit() or name in _RESERVED or name.startswith("mw"):
        name = f"model_{name}".rstrip("_")
    return name


def checked_prefix(name: str) -> str:
    """A prefix that a user asked for, if it can be one.

    Raises:
        UsageError: not a C identifier, reserved, or in the kernels' own name space.
    """
    fits = re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,40}", name) and "__" not in name
    if not fits or name in _RESERVED or name.lower().startswith("mw_"):
        raise UsageError(
            f"{name!r} cannot be the prefix of C names",
            hint="use letters, digits and single underscores, starting with a letter, at most 41, and not mw_",
        )
    return name


def integer(value: int) -> str:
    """An integer constant of at most 64 bits."""
    if value == -(2**63):
        return "(-9223372036854775807LL - 1)"
    if not -(2**31) <= value < 2**31:
        return f"{value}LL"
    return "(-2147483647 - 1)" if value == -(2**31) else str(value)


def floating(value: float) -> str:
    """A float constant that reads back as the same float32; infinities, which have no literal, as quotients.

    Raises:
        ValueError: it is NaN.
    """
    if np.isnan(value):
        raise ValueError("C has no literal of NaN")
    if np.isinf(value):
        return "(1.0f / 0.0f)" if value > 0 else "(-1.0f / 0.0f)"
    text = np.format_float_scientific(np.float32(value), unique=True, trim="0")
    return f"{text}f"


def scalar(value: int | float) -> str:
    """A constant of either kind."""
    return floating(value) if isinstance(value, float) else integer(int(value))


def array(c_type: str, name: str, values: Array, *, alignment: int = 4, placed: str = "") -> str:
    """The definition of a constant array; ``placed`` is a macro that says in which section."""
    flat = values.reshape(-1)
    literals = (
        [floating(float(value)) for value in flat]
        if flat.dtype == np.float32
        else [integer(int(value)) for value in flat]
    )
    body = textwrap.fill(
        ", ".join(literals) or "0",
        118,
        initial_indent="    ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    attributes = f"MW_ALIGNED({alignment}) {placed}".rstrip()
    return f"static const {c_type} {name}[{max(1, flat.size)}] {attributes} = {{\n{body}\n}};\n"


def comment(text: str) -> str:
    """Text that is safe inside a C comment: printable ASCII, no comment marks, no trigraphs."""
    plain = text.encode("ascii", "replace").decode()
    plain = "".join(char if char.isprintable() else "?" for char in plain)
    return plain.replace("*/", "* /").replace("/*", "/ *").replace("??", "? ?")
