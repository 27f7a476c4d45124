# SPDX-License-Identifier: Apache-2.0
"""Alignment of everything that lies in the arena."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from milliwatt.errors import InternalError
from milliwatt.lower.program import Program, Read, StateArg, Write

WORD = 4
"""Bytes of a machine word. Kernels load activations by words, so nothing is aligned to less."""

ARENA_ALIGNMENT = 8
"""Alignment asked of the caller's arena, that of the union in the header: a 64-bit integer."""

_ELEMENT_BYTES: Mapping[str, int] = {
    **{f"{sign}int{bits}_t": bits // 8 for sign in ("", "u") for bits in (8, 16, 32, 64)},
    "bool": 1,
    "float": 4,
    "double": 8,
}


def align_up(number: int, alignment: int) -> int:
    """The smallest multiple of ``alignment`` that is at least ``number`` (which may be negative)."""
    return -(-number // alignment) * alignment


def align_down(number: int, alignment: int) -> int:
    """The largest multiple of ``alignment`` that is at most ``number``."""
    return number // alignment * alignment


def element_bytes(c_type: str) -> int:
    """Bytes, and so the alignment, of a C element type.

    Raises:
        InternalError: the type is not one that a kernel may point to.
    """
    try:
        return _ELEMENT_BYTES[c_type.removeprefix("const ").strip()]
    except KeyError:
        raise InternalError(
            f"a kernel argument has the C type {c_type!r}, whose alignment is not known"
        ) from None


def buffer_alignments(program: Program) -> dict[str, int]:
    """Alignment of each buffer: that of the widest type by which any call or value of it is accessed."""
    return _widest(_buffer_types(program))


def state_alignments(program: Program) -> dict[str, int]:
    """Alignment of each state variable."""
    return _widest(_state_types(program))


def _widest(types: Iterator[tuple[str, int]]) -> dict[str, int]:
    alignments: dict[str, int] = {}
    for name, width in types:
        alignments[name] = max(alignments.get(name, WORD), width)
    return alignments


def _buffer_types(program: Program) -> Iterator[tuple[str, int]]:
    for value, buffer in program.buffer_of.items():
        yield buffer, program.type_of(value).dtype.bytes
    for call in program.calls:
        for argument in call.arguments:
            if isinstance(argument, Read | Write):
                yield program.buffer_of[argument.value], element_bytes(argument.c_type)


def _state_types(program: Program) -> Iterator[tuple[str, int]]:
    for state in program.graph.states:
        yield state.name, state.type.dtype.bytes
    for call in program.calls:
        for argument in call.arguments:
            if isinstance(argument, StateArg):
                yield argument.state, element_bytes(argument.c_type)
            elif isinstance(argument, Read):
                home = program.home_state(argument.value)
                yield from () if home is None else ((home, element_bytes(argument.c_type)),)
