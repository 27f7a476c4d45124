# SPDX-License-Identifier: Apache-2.0
"""Multiplies the filters of a pass with a group of positions, frequency by frequency.

Eight sums at a time: 4 filters by 2 positions, or 2 filters by 4 positions. Filters and data lie in the order in which
they are read, so both pointers only ever move on. Of the two, the one with four words a step is r4.
"""

from __future__ import annotations

from milliwatt.emit.assembly.scoped_listing import ScopedListing
from milliwatt.emit.assembly.winograd_shape import WinogradShape

_SUMS = ("r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr")
_NARROW = 124  # the largest offset of a 16-bit load


def multiply(code: ScopedListing, shape: WinogradShape) -> None:
    """The sums of all frequencies of the group at "data", which moves on, behind the filters in "work"."""
    filters, data = ("r4", "r5") if shape.filters == 4 else ("r5", "r4")
    turn = shape.turn
    looped = turn < shape.in_c // 2
    # Pointers stand one word before what they point to: the last load of a turn reaches its word and moves them.
    code.fetch(filters, "work")
    code.op(f"subs {filters}, #4")
    code.fetch(data, "data")
    code.op(f"subs {data}, #4")
    code.add("r0", filters, shape.filter_bytes, temporary="r1")
    code.keep("last", "r0")
    code.op("adds r0, #4")
    code.keep("sums", "r0")
    if looped:
        code.add("r0", filters, shape.filter_block, temporary="r1")
        code.keep("end", "r0")
    frequency = code.here(aligned=True)
    if looped:
        code.op("movs r6, #0", *(f"mov {register}, r6" for register in _SUMS[1:]))
        again = code.here(aligned=True)
    for step in range(turn):
        _step(code, step, turn, first=not looped and step == 0)
    if looped:
        code.fetch("r0", "end")
        code.op(f"cmp {filters}, r0")
        code.branch("bne", again)
        code.add("r0", "r0", shape.filter_block, temporary="r1")
        code.keep("end", "r0")
    code.fetch("r1", "sums")
    code.op("stm r1!, {r6-r12, lr}")
    code.keep("sums", "r1")
    code.fetch("r0", "last")
    code.op(f"cmp {filters}, r0")
    code.branch("bne", frequency)
    code.op(f"adds {data}, #4")
    code.keep("data", data)
    code.forget("last", "sums", *(["end"] if looped else []))


def _step(code: ScopedListing, step: int, turn: int, *, first: bool) -> None:
    """Two channels. The first step of a sum needs no accumulator."""
    four, two, last = 16 * step, 8 * step, step == turn - 1
    _load(
        code,
        [("r2", "r4", four + 4), ("r3", "r4", four + 8), ("r0", "r5", two + 4), ("r1", "r5", two + 8)],
        last,
    )
    _accumulate(code, _SUMS[:4], first)
    _load(code, [("r2", "r4", four + 12), ("r3", "r4", four + 16)], last)
    _accumulate(code, _SUMS[4:], first)


def _load(code: ScopedListing, loads: list[tuple[str, str, int]], last: bool) -> None:
    """Loads in a row; the last one of a turn moves its pointer. 16-bit encodings come in twos."""
    moving = [last and index == len(loads) - 1 for index in range(len(loads))]
    wide = [moved or offset > _NARROW for moved, (_, _, offset) in zip(moving, loads, strict=True)]
    if wide.count(False) % 2:
        wide[wide.index(False)] = True
    for (target, base, offset), is_wide, moved in zip(loads, wide, moving, strict=True):
        suffix = ".w" if is_wide else ""
        code.op(f"ldr{suffix} {target}, [{base}, #{offset}]{'!' if moved else ''}")


def _accumulate(code: ScopedListing, sums: tuple[str, ...], first: bool) -> None:
    pairs = [(left, right) for left in ("r2", "r3") for right in ("r0", "r1")]
    for target, (left, right) in zip(sums, pairs, strict=True):
        code.op(f"smuad {target}, {left}, {right}" if first else f"smlad {target}, {left}, {right}, {target}")
