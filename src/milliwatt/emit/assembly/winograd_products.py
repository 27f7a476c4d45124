# SPDX-License-Identifier: Apache-2.0
"""Multiplies the filters of a pass with a group of positions, frequency by frequency.

Eight sums at a time: 4 filters by 2 positions, or 2 filters by 4 positions. Filters and data lie in the order in which
they are read, so both pointers only ever move on. Of the two, the one with four words a step is r4.
"""

from __future__ import annotations

from milliwatt.emit.assembly.scoped_listing import ScopedListing
from milliwatt.emit.assembly.winograd_shape import PRODUCTS, WinogradShape

_SUMS = ("r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr")
_NARROW = 124  # the largest offset of a 16-bit load


def multiply(code: ScopedListing, shape: WinogradShape, more: int, summed: int) -> None:
    """The sums of all frequencies of the group at "data", which moves on, behind the filters in "work".

    The first turn of channels needs no sums to add to. The carry flag, which nothing in its loop changes, tells
    whether there are more turns.
    """
    filters, data = ("r4", "r5") if shape.filters == 4 else ("r5", "r4")
    # Pointers stand one word before what they point to: the last load of a turn reaches its word and moves them.
    code.fetch(filters, "work")
    code.op(f"subs {filters}, #4")
    code.copy("sums", "first sum")
    code.copy("frequency end", "first end")
    code.fetch(data, "data")
    code.fetch("r0", "data_group")
    code.op(f"adds r0, r0, {data}")
    code.keep("data", "r0")
    code.op(f"subs {data}, #4")
    code.fetch("r0", "turns")
    code.op("cmp r0, #2")
    first = code.here(aligned=True)
    _turn(code, shape, first=True)
    code.branch("bcs", more)
    code.place(summed)
    code.fetch("r1", "sums")
    code.op("stm r1!, {r6-r12, lr}")
    code.keep("sums", "r1")
    code.fetch("r0", "last")
    code.op(f"teq {filters}, r0")
    code.branch("bne", first)
    code.forget("sums")


def keep_ends(code: ScopedListing, shape: WinogradShape) -> None:
    """What is the same for all groups: the first sum, and where the pointer to the filters ends.

    "last" is where it ends with the first turn; "frequency end" where it stands behind the last turn of a frequency,
    "first end" behind that of the first frequency.
    """
    code.fetch("r0", "work")
    code.add("r1", "r0", shape.filter_turn - 4, temporary="r2")
    code.keep("last", "r1")
    code.fetch("r1", "filter_bytes")
    code.op("adds r0, r0, r1")
    code.keep("first sum", "r0")
    code.add("r0", "r0", shape.filter_block - shape.filter_turn - 4, temporary="r1")
    code.keep("first end", "r0")
    code.keep("frequency end", "r0")


def more_turns(code: ScopedListing, shape: WinogradShape) -> tuple[int, int]:
    """The turns of one frequency behind the first, out of the way of layers with one. Leaves the carry flag set.

    Returns:
        Its label, and the one it goes to.
    """
    more, summed = code.label(), code.label()
    filters, four, two = ("r4" if shape.filters == 4 else "r5"), 16 * shape.turn, 8 * shape.turn
    code.op(".balign 4")
    code.place(more)
    for register, block in (("r4", four), ("r5", two)):
        code.add(register, register, (PRODUCTS - 1) * block, temporary="r0")
    _turn(code, shape, first=False)
    code.fetch("r0", "frequency end")
    code.op(f"cmp {filters}, r0")
    code.branch("bne", more)
    code.add("r0", "r0", shape.filter_block)
    code.keep("frequency end", "r0")
    code.fetch("r0", "back")
    code.op("sub r4, r4, r0, lsl #1", "subs r5, r5, r0", "cmp r0, #0")
    code.branch("b", summed)
    return more, summed


def _turn(code: ScopedListing, shape: WinogradShape, *, first: bool) -> None:
    for step in range(shape.turn):
        _step(code, step, shape.turn, first=first and step == 0)


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
