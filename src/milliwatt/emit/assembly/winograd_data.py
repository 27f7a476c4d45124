# SPDX-License-Identifier: Apache-2.0
"""Transforms the input of a strip of tiles: first down the columns of four channels, then along the lines."""

from __future__ import annotations

from milliwatt.emit.assembly.copying import fill_bytes
from milliwatt.emit.assembly.scoped_listing import ScopedListing
from milliwatt.emit.assembly.winograd_shape import WinogradShape

OFFSET = 256
"""Added to every element of a line, so that none is negative and a shift of a pair moves no sign into its neighbour."""

_ROWS = 4


def transform_data(code: ScopedListing, shape: WinogradShape) -> None:
    """All tiles of the strip. Moves "rows" and "row" on by the rows of the strip."""
    _fill_borders(code, shape)
    if shape.crosses:
        _fill_missing_row(code, shape)
    _count_rows(code, shape)
    code.fetch("r0", "work")
    code.add("r0", "r0", -shape.work, temporary="r1")
    code.keep("place", "r0")
    tile_row = code.here()
    _row_pointers(code, shape)
    code.fetch("r0", "place")
    code.keep("target", "r0")
    channels = code.here()
    _down(code, shape)
    _along(code, shape)
    code.fetch("r9", "place")
    code.add("r9", "r9", shape.data_block, temporary="r11")
    code.fetch("r10", "target")
    code.op("cmp r9, r10")
    code.branch("bne", channels)
    # r7 stands behind the last line of the last two channels.
    code.add("r7", "r7", 4 * shape.group - 19 * shape.data_block, temporary="r0")
    code.keep("place", "r7")
    code.fetch("r0", "rows")
    code.add("r0", "r0", 2 * shape.pitch, temporary="r1")
    code.keep("rows", "r0")
    code.fetch("r0", "row")
    code.op("adds r0, #2")
    code.keep("row", "r0")
    if shape.rows > 1:
        code.count_down("strip", tile_row, temporary="r0")
        code.forget("strip")
    code.forget("place", "target", "end", "turns", *(f"row {row}" for row in range(_ROWS)))


def _fill_borders(code: ScopedListing, shape: WinogradShape) -> None:
    """The transform of the zero point in the columns left and right of the image."""
    if not shape.borders:
        return
    code.fetch("r0", "work")
    code.constant("r1", OFFSET * 0x10001)
    code.constant("r2", 8)
    line = code.here()
    code.op(*(f"str r1, [r0, #{4 * column}]" for column in shape.borders))
    code.add("r0", "r0", shape.line, temporary="r3")
    code.op("subs r2, #1")
    code.branch("bne", line)
    code.fetch("r0", "work")
    code.constant("r1", ((OFFSET + 2 * shape.zero) & 0xFFFF) * 0x10001)
    for sums in (1, 5):
        code.op(*(f"str r1, [r0, #{sums * shape.line + 4 * column}]" for column in shape.borders))


def _fill_missing_row(code: ScopedListing, shape: WinogradShape) -> None:
    """A row of the zero point behind the lines, for the strips that reach above or below the image."""
    fill, inside = code.label(), code.label()
    code.fetch("r0", "row")
    code.op("cmp r0, #0")
    code.branch("blt", fill)
    code.constant("r1", shape.in_h - 2 * shape.rows - 2)
    code.op("cmp r0, r1")
    code.branch("ble", inside)
    code.place(fill)
    code.fetch("r7", "work")
    code.add("r7", "r7", shape.lines, temporary="r8")
    code.constant("r6", (shape.zero & 0xFF) * 0x01010101)
    fill_bytes(code, shape.pitch, target="r7", value="r6", counter="r8")
    code.place(inside)


def _count_rows(code: ScopedListing, shape: WinogradShape) -> None:
    """Rows of tiles in this strip, and where they vary, its positions."""
    if shape.even:
        code.constant("r0", shape.rows)
    else:
        code.fetch("r0", "row")
        code.constant("r1", 2 * shape.down - shape.pad_top)
        code.op("subs r0, r1, r0", "lsrs r0, r0, #1")
        code.op(f"cmp r0, #{shape.rows}", "it hi", f"movhi r0, #{shape.rows}")
        code.constant("r1", shape.across)
        code.op("mul r1, r1, r0")
        code.keep("positions", "r1")
    if shape.rows > 1:
        code.keep("strip", "r0")


def _row_pointers(code: ScopedListing, shape: WinogradShape) -> None:
    """The four input rows under a row of tiles; the row of the zero point for those outside of the image."""
    code.fetch("r0", "rows")
    if shape.crosses:
        code.fetch("r1", "row")
        code.fetch("r2", "work")
        code.add("r2", "r2", shape.lines, temporary="r3")
        code.constant("r3", shape.in_h)
    for row in range(_ROWS):
        code.add("r4", "r0", row * shape.pitch, temporary="r5")
        if shape.crosses:
            # A row above the image is a large unsigned number.
            code.op("cmp r1, r3", "it hs", "movhs r4, r2", "adds r1, #1")
        code.keep(f"row {row}", "r4")


def _down(code: ScopedListing, shape: WinogradShape) -> None:
    """Four channels of all columns to eight lines: channels 0 and 2, then 1 and 3, as pairs in words."""
    for row in range(_ROWS):
        code.fetch(f"r{row}", f"row {row}")
    for row in range(_ROWS):
        code.op(f"adds r4, r{row}, #4")
        code.keep(f"row {row}", "r4")
    code.fetch("lr", "work")
    code.add("lr", "lr", 4 * shape.pad_left, temporary="r8")
    code.add("r8", "lr", 4 * shape.seen, temporary="r9")
    code.keep("end", "r8")
    code.constant("r12", OFFSET * 0x10001)
    column = code.here(aligned=True)
    code.op(*(f"ldr r{4 + row}, [r{row}], #{shape.in_c}" for row in range(_ROWS)))
    code.op("sxtb16 r8, r4", "sxtb16 r9, r5", "sxtab16 r10, r12, r6", "sxtab16 r11, r12, r7")
    _combine(code, shape, first=0)
    code.op("sxtb16 r8, r4, ror #8", "sxtb16 r9, r5, ror #8")
    code.op("sxtab16 r10, r12, r6, ror #8", "sxtab16 r11, r12, r7, ror #8")
    _combine(code, shape, first=4)
    code.fetch("r8", "end")
    code.op("adds lr, lr, #4", "cmp lr, r8")
    code.branch("bne", column)


def _combine(code: ScopedListing, shape: WinogradShape, *, first: int) -> None:
    """Rows 0 to 3 in r8 to r11, the last two with the offset, to four lines."""
    for line, operation in enumerate(
        ("ssub16 r8, r10, r8", "sadd16 r8, r10, r9", "ssub16 r8, r10, r9", "ssub16 r8, r11, r9")
    ):
        code.op(operation, f"str r8, [lr, #{(first + line) * shape.line}]")


def _along(code: ScopedListing, shape: WinogradShape) -> None:
    """The eight lines to the six frequencies of each tile."""
    block, word = shape.data_block, 4 * shape.group
    code.fetch("r6", "work")
    code.constant("r8", shape.data_group - word)
    code.constant("r9", 8)
    code.keep("turns", "r9")
    line = code.here()
    code.fetch("r7", "target")
    code.add("r9", "r7", 6 * block, temporary="r10")
    code.keep("target", "r9")
    code.op("ldm r6!, {r0, r1}")
    code.add("lr", "r6", 16 * shape.across, temporary="r10")
    tile = code.here(aligned=True)
    code.op("ldm r6!, {r2-r5}")
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
    code.fetch("r9", "turns")
    code.op("subs r9, r9, #1")
    code.keep("turns", "r9")
    code.op("tst r9, #3")
    code.branch("bne", line)
    # Behind four lines the target is one group further; the next two channels are one word further.
    code.fetch("r10", "target")
    code.op("sub r10, r10, r8")
    code.keep("target", "r10")
    code.op("cmp r9, #0")
    code.branch("bne", line)
