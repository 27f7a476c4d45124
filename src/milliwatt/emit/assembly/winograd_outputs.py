# SPDX-License-Identifier: Apache-2.0
"""Transforms the sums of a group of positions back to 2x4 outputs each, rescales and stores them."""

from __future__ import annotations

from milliwatt.emit.assembly.listing import LOW
from milliwatt.emit.assembly.scoped_listing import ScopedListing
from milliwatt.emit.assembly.winograd_geometry import read
from milliwatt.emit.assembly.winograd_shape import SUM_BYTES, WinogradShape

_FIRST, _SECOND = ("r12", "r9", "lr", "r5"), ("r7", "r10", "r11", "r6")
"""The registers that hold the four columns of each row before they are rescaled."""


def write_outputs(code: ScopedListing, shape: WinogradShape, *, next_group: int, done: int) -> None:
    """The outputs of the next position of the strip, "position", and of all in its group; then to ``next_group``.

    Behind the last position goes to ``done``.
    """
    code.copy("sums", "first sum")
    position = code.here()
    code.fetch("r0", "tile")
    code.keep("output", "r0")
    code.fetch("r0", "records")
    code.keep("record", "r0")
    if not shape.whole:
        _count_outputs(code)
    one = code.here(aligned=True)
    _load_and_transform(code, shape)
    _store(code, shape)
    # The sums are aligned to all filters of a position.
    code.fetch("r1", "sums")
    code.op(f"tst r1, #{_filter_step(shape) * (shape.filters - 1)}")
    code.branch("bne", one)
    if shape.filters == 4:
        # The two positions of one filter lie side by side.
        code.op(f"subs r1, #{SUM_BYTES - 4}")
        code.keep("sums", "r1")
    _next_position(code, shape, position, next_group=next_group, done=done)
    code.forget("sums", "output", "record")
    if not shape.whole:
        code.forget("valid", "second row")


def _filter_step(shape: WinogradShape) -> int:
    """Bytes from a position's sum for one filter to that for the next."""
    return 8 if shape.filters == 4 else 4


def _count_outputs(code: ScopedListing) -> None:
    """How many columns of this tile the image has, and how far away its second row is: 0 if the image has none."""
    code.fetch("r0", "tiles left")
    read(code, "r1", "tail")
    code.op("cmp r0, #1", "it ne", "movne r1, #4")
    code.keep("valid", "r1")
    code.fetch("r0", "tile")
    code.fetch("r1", "out_pitch")
    code.op("adds r0, r0, r1")
    code.fetch("r2", "limit")
    code.op("cmp r0, r2", "it hs", "movhs r1, #0")
    code.keep("second row", "r1")


def _load_and_transform(code: ScopedListing, shape: WinogradShape) -> None:
    """The sums at "sums", which moves on, to the registers of `_FIRST` and `_SECOND`; the starts at "record" too."""
    code.fetch("r0", "sums")
    code.add("r1", "r0", _filter_step(shape))
    code.keep("sums", "r1")
    _load(code, 1, ("r1", "r2", "r3", "r4"))
    _load(code, 2, ("r9", "r10", "r11", "lr"))
    _combine(code, ("r1", "r2", "r3", "r4"), "r5", "r6")
    code.fetch("r12", "record")
    code.op("ldm r12!, {r7, r8}", "add r5, r5, r7", "add r6, r6, r8")
    code.keep("record", "r12")
    _combine(code, ("r9", "r10", "r11", "lr"), "r7", "r8")
    code.op("add.w r9, r5, r7", "sub.w r5, r5, r7", "add.w r10, r6, r8", "sub.w r6, r6, r8")
    _load(code, 3, ("r1", "r2", "r3", "r4"))
    _load(code, 4, ("r11", "r12", "r7", "lr"))
    _combine(code, ("r11", "r12", "r7", "lr"), "r8", "r7")
    _combine(code, ("r1", "r2", "r3", "r4"), "r11", "r12")
    code.op("add lr, r11, r8", "sub r8, r11, r8", "add r11, r12, r7", "sub r12, r12, r7")
    # r9, r5, lr, r8 are the sums and differences of frequencies 1, 2 and 3, 4 in row 0; r10, r6, r11, r12 in row 1.
    code.op("sub r7, r11, r10, lsl #2", "sub r11, r11, r10", "sub r10, r12, r6, lsl #1")
    code.op("rsb r6, r6, r12, lsl #1")
    code.op("sub r12, lr, r9, lsl #2", "sub lr, lr, r9", "sub r9, r8, r5, lsl #1", "rsb r5, r5, r8, lsl #1")
    for frequency, targets in ((0, ("r12", "r7")), (5, ("r5", "r6"))):
        _load(code, frequency, ("r1", "r2", "r3", "r4"))
        _combine(code, ("r1", "r2", "r3", "r4"), "r8", "r4")
        code.op(
            "movs r1, #6",
            *(f"mla {to}, {value}, r1, {to}" for value, to in zip(("r8", "r4"), targets, strict=True)),
        )


def _load(code: ScopedListing, frequency: int, registers: tuple[str, ...]) -> None:
    """The four sums of one frequency."""
    for line, register in enumerate(registers):
        code.op(f"ldr {register}, [r0, #{(6 * line + frequency) * SUM_BYTES}]")


def _combine(code: ScopedListing, sums: tuple[str, ...], upper: str, lower: str) -> None:
    """The four sums of one frequency to its value in either row; lower may be the third or the fourth of the sums."""
    first, second, third, fourth = sums
    difference = third if lower == fourth else lower
    for verb, target in (("add", upper), ("sub", difference)):
        flags = "s" if LOW.issuperset((target, second, third)) else ""
        code.op(f"{verb}{flags} {target}, {second}, {third}")
    code.op(f"sub {upper}, {upper}, {first}, lsl #1", f"add {lower}, {difference}, {fourth}, lsl #1")


def _store(code: ScopedListing, shape: WinogradShape) -> None:
    """Rescale and store: r1 factor, r2 offset, r3 mantissa, r4 jump, r0 output.

    The first row is stored behind the second, and over it where the image has no second row.
    """
    code.fetch("r0", "record")
    code.op(f"ldm r0!, {{r1-r{4 if shape.jumps else 3}}}")
    code.keep("record", "r0")
    code.fetch("r0", "output")
    code.op("add.w r8, r0, #1")
    code.keep("output", "r8")
    # The registers of the first outputs become the pointer to the second row and the step to the next column.
    pointer, step = _SECOND[0], _FIRST[0]
    for column, (first, second) in enumerate(zip(_FIRST, _SECOND, strict=True)):
        if column in (1, 2):
            code.op("lsls r1, r1, #1")
        _rescale(code, shape, second)
        _rescale(code, shape, first)
        if column == 0:
            code.fetch("r8", "out_pitch" if shape.whole else "second row")
            code.op(f"strb {second}, [r0, r8]", f"strb {first}, [r0]", f"add.w {pointer}, r0, r8")
            code.fetch(step, "out_c")
            continue
        code.op(f"add {pointer}, {pointer}, {step}", f"add r0, r0, {step}")
        if shape.whole:
            code.op(f"strb {second}, [{pointer}]", f"strb {first}, [r0]")
        else:
            code.fetch("r8", "valid")
            code.op(f"cmp r8, #{column}", "itt hi", f"strbhi {second}, [{pointer}]", f"strbhi {first}, [r0]")


def _rescale(code: ScopedListing, shape: WinogradShape, register: str) -> None:
    """Jumps follow the sign of the sum before it is scaled and offset."""
    if shape.jumps == 2:
        code.op(f"mul {register}, {register}, r1", f"and r8, r4, {register}, asr #31", "add r8, r8, r2")
        code.op(f"smmla {register}, {register}, r3, r8")
    elif shape.jumps == 1:
        code.op(f"and r8, r4, {register}, asr #31", f"mla {register}, {register}, r1, r2")
        code.op(f"smmla {register}, {register}, r3, r8")
    else:
        code.op(f"mul {register}, {register}, r1", f"smmla {register}, {register}, r3, r2")
    code.op(f"ssat {register}, #8, {register}, asr #{shape.shift}")


def _next_position(
    code: ScopedListing, shape: WinogradShape, position: int, *, next_group: int, done: int
) -> None:
    same_row, new_row = code.label(), code.label()
    code.fetch("r0", "tile")
    code.fetch("r2", "out_c")
    code.op("add r0, r0, r2, lsl #2")
    code.fetch("r1", "tiles left")
    code.op("subs r1, #1")
    code.branch("beq", new_row)
    code.place(same_row)
    code.keep("tile", "r0")
    code.keep("tiles left", "r1")
    code.fetch("r0", "position")
    code.op("adds r0, #1")
    code.keep("position", "r0")
    code.fetch("r1", "positions")
    code.op("cmp r0, r1")
    code.branch("beq", done)
    code.op(f"tst r0, #{shape.group - 1}")
    code.branch("bne", position)
    code.branch("b", next_group)
    code.place(new_row)
    read(code, "r2", "row_skip")
    code.op("adds r0, r0, r2")
    read(code, "r1", "across")
    code.branch("b", same_row)
