# SPDX-License-Identifier: Apache-2.0
"""Transforms the input of a strip of tiles: first down the columns of four channels, then along the lines."""

from __future__ import annotations

from milliwatt.emit.assembly.scoped_listing import ScopedListing
from milliwatt.emit.assembly.winograd_geometry import read
from milliwatt.emit.assembly.winograd_shape import COLUMN, WinogradShape

OFFSET = 256
"""Added to every element of a line, so that none is negative and a shift of a pair moves no sign into its neighbour."""

_ROWS = 4


def transform_data(code: ScopedListing, shape: WinogradShape) -> None:
    """All tiles of the strip. Moves "rows" and "row" on by the rows of the strip; keeps its "positions"."""
    _fill_borders(code)
    _fill_missing_row(code)
    _count_rows(code)
    code.fetch("r0", "work")
    read(code, "r1", "work")
    code.op("subs r0, r0, r1")
    code.keep("place", "r0")
    tile_row = code.here()
    _row_pointers(code)
    _channels(code, shape)
    # r7 stands behind the last line of the last two channels, r8 holds the step to the next group.
    code.op("sub r7, r7, r8")
    code.add("r7", "r7", 5 * shape.data_block, temporary="r0")
    code.keep("place", "r7")
    code.fetch("r0", "rows")
    read(code, "r1", "in_pitch")
    code.op("add r0, r0, r1, lsl #1")
    code.keep("rows", "r0")
    code.fetch("r0", "row")
    code.op("adds r0, #2")
    code.keep("row", "r0")
    code.count_down("strip", tile_row, temporary="r0")
    code.forget("strip", "place", *(f"row {row}" for row in range(_ROWS)))


def _fill_borders(code: ScopedListing) -> None:
    """The transform of the zero point in the columns left and right of the image."""
    code.constant("r1", OFFSET * 0x10001)
    read(code, "r2", "zero_line")
    code.op("mov r3, r1", "mov r4, r1")
    code.fetch("r0", "work")
    read(code, "r5", "pad_left")
    _fill_columns(code)
    read(code, "r6", "behind")
    code.fetch("r0", "work")
    code.op("adds r0, r0, r6")
    read(code, "r5", "columns_behind")
    _fill_columns(code)


def _fill_columns(code: ScopedListing) -> None:
    """As many columns of lines at r0 as r5 says; four lines are in r1 to r4."""
    done = code.label()
    code.branch("cbz r5,", done)
    again = code.here()
    code.op("stm r0!, {r1-r4}", "stm r0!, {r1-r4}", "subs r5, #1")
    code.branch("bne", again)
    code.place(done)


def _fill_missing_row(code: ScopedListing) -> None:
    """A row of the zero point behind the lines, for the strips that reach above or below the image."""
    fill, inside = code.label(), code.label()
    code.fetch("r0", "row")
    code.op("cmp r0, #0")
    code.branch("blt", fill)
    read(code, "r1", "last_inside")
    code.op("cmp r0, r1")
    code.branch("ble", inside)
    code.place(fill)
    code.fetch("r7", "work")
    read(code, "r6", "lines")
    code.op("adds r7, r7, r6")
    read(code, "r5", "in_pitch")
    code.op("adds r5, r5, r7")
    read(code, "r6", "zero_words")
    again = code.here()
    code.op("str r6, [r7], #4", "cmp r7, r5")
    code.branch("bne", again)
    code.place(inside)


def _count_rows(code: ScopedListing) -> None:
    """Rows of tiles in this strip, and its positions."""
    code.fetch("r0", "row")
    read(code, "r1", "row_end")
    code.op("subs r0, r1, r0", "lsrs r0, r0, #1")
    read(code, "r1", "rows")
    code.op("cmp r0, r1", "it hi", "movhi r0, r1")
    code.keep("strip", "r0")
    read(code, "r1", "across")
    code.op("mul r1, r1, r0")
    code.keep("positions", "r1")


def _row_pointers(code: ScopedListing) -> None:
    """The first of four input rows under a row of tiles, and how far from it the others are.

    The row of the zero point stands for those outside of the image.
    """
    code.fetch("r0", "rows")
    code.fetch("r1", "row")
    code.fetch("r2", "work")
    read(code, "r3", "lines")
    code.op("adds r2, r2, r3")
    read(code, "r3", "in_h")
    read(code, "r5", "in_pitch")
    for row in range(_ROWS):
        # A row above the image is a large unsigned number.
        code.op("cmp r1, r3", "ite lo", "movlo r4, r0", "movhs r4, r2")
        if row == 0:
            code.op("mov r6, r4")
        else:
            code.op("subs r4, r4, r6")
        code.keep(f"row {row}", "r4")
        if row < _ROWS - 1:
            code.op("adds r1, #1", "adds r0, r0, r5")


def _channels(code: ScopedListing, shape: WinogradShape) -> None:
    """All channels of a row of tiles, turn by turn."""
    word, turn = 4 * shape.group, shape.data_block
    code.fetch("r10", "place")
    code.keep("target", "r10")
    code.add("r9", "r10", turn)
    code.keep("turn end", "r9")
    channels = code.here()
    _down(code)
    _along(code, shape)
    code.fetch("r10", "target")
    code.fetch("r9", "turn end")
    code.op("cmp r9, r10")
    code.branch("bne", channels)
    code.add("r9", "r9", shape.data_turn, temporary="r11")
    code.keep("turn end", "r9")
    code.add("r10", "r9", -turn)
    code.keep("target", "r10")
    code.fetch("r9", "place")
    code.op("add r9, r9, r8", f"add r9, r9, #{word}", "cmp r9, r10")
    code.branch("bne", channels)
    code.forget("target", "turn end")


def _down(code: ScopedListing) -> None:
    """Four channels of all columns to eight lines: channels 0 and 2, then 1 and 3, as pairs in words."""
    for row in range(_ROWS):
        code.fetch(f"r{row}", f"row {row}")
    code.op("adds r4, r0, #4")
    code.keep("row 0", "r4")
    code.fetch("lr", "work")
    read(code, "r8", "before")
    code.op("add lr, lr, r8")
    read(code, "r8", "seen")
    code.op("add r8, r8, lr")
    code.keep("column end", "r8")
    code.constant("r12", OFFSET * 0x10001)
    column = code.here(aligned=True)
    code.op("ldr r4, [r0]", *(f"ldr r{4 + row}, [r0, r{row}]" for row in range(1, _ROWS)))
    code.fetch("r8", "in_c")
    code.op("add r0, r0, r8")
    code.op("sxtb16 r8, r4", "sxtb16 r9, r5", "sxtab16 r10, r12, r6", "sxtab16 r11, r12, r7")
    _combine(code, first=0)
    code.op("sxtb16 r8, r4, ror #8", "sxtb16 r9, r5, ror #8")
    code.op("sxtab16 r10, r12, r6, ror #8", "sxtab16 r11, r12, r7, ror #8")
    _combine(code, first=4)
    code.fetch("r8", "column end")
    code.op("cmp lr, r8")
    code.branch("bne", column)
    code.forget("column end")


def _combine(code: ScopedListing, *, first: int) -> None:
    """Rows 0 to 3 in r8 to r11, the last two with the offset, to four lines. lr stands one word before the column."""
    for line, operation in enumerate(
        ("ssub16 r8, r10, r8", "sadd16 r8, r10, r9", "ssub16 r8, r10, r9", "ssub16 r8, r11, r9"), first
    ):
        offset = 4 * line + 4
        code.op(operation, f"str r8, [lr, #{offset}]{'!' if offset == COLUMN else ''}")


def _along(code: ScopedListing, shape: WinogradShape) -> None:
    """The eight lines to the six frequencies of each tile. Leaves in r8 the step to the next group."""
    block, word = shape.data_block, 4 * shape.group
    code.fetch("r8", "data_group")
    code.op(f"sub r8, r8, #{word}")
    code.fetch("r6", "work")
    code.keep("line", "r6")
    line = code.here()
    code.fetch("r7", "target")
    code.add("r9", "r7", 6 * block)
    code.keep("target", "r9")
    code.fetch("r6", "line")
    code.op("adds r2, r6, #4")
    code.keep("line", "r2")
    code.fetch("lr", "data_columns")
    code.op("ldr r0, [r6]", f"ldr r1, [r6, #{COLUMN}]!", "add lr, lr, r6")
    tile = code.here(aligned=True)
    code.op(*(f"ldr r{1 + column}, [r6, #{column * COLUMN}]{'!' * (column == 4)}" for column in range(1, 5)))
    code.op("lsl r9, r2, #2", "ssub16 r9, r4, r9", "lsl r10, r1, #2", "ssub16 r10, r3, r10")
    code.op("sadd16 r11, r9, r10", "ssub16 r12, r9, r10")
    code.op("lsl r0, r0, #2", "ssub16 r9, r9, r2", "sadd16 r0, r0, r9")
    code.op("ssub16 r9, r3, r1", "ssub16 r10, r4, r2", "sadd16 r9, r9, r9")
    code.op("sadd16 r1, r10, r9", "ssub16 r2, r10, r9")
    code.op("sadd16 r9, r9, r9", "ssub16 r3, r5, r3", "ssub16 r3, r3, r9")
    for frequency, register in enumerate(("r0", "r11", "r12", "r1", "r2", "r3")):
        code.op(f"str {register}, [r7, #{frequency * block}]")
    # The data is aligned to groups of words: the low bits tell the position in the group.
    code.op("adds r7, #4", "mov r0, r4", "mov r1, r5", f"tst r7, #{word - 4}", "it eq", "addeq r7, r7, r8")
    code.op("cmp r6, lr")
    code.branch("bne", tile)
    code.fetch("r9", "line")
    code.fetch("r10", "work")
    code.op("sub r9, r9, r10", "tst r9, #15")
    code.branch("bne", line)
    # Behind four lines the next two channels follow.
    code.fetch("r10", "target")
    code.add("r10", "r10", word - shape.data_turn, temporary="r11")
    code.keep("target", "r10")
    code.op(f"cmp r9, #{COLUMN}")
    code.branch("bne", line)
    code.forget("line")
