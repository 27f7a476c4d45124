# SPDX-License-Identifier: Apache-2.0
"""Transforms the sums of a group of positions back to 2x4 outputs each, rescales and stores them."""

from __future__ import annotations

from milliwatt.emit.assembly.scoped_listing import ScopedListing
from milliwatt.emit.assembly.winograd_shape import SUM_BYTES, WinogradShape

_THIRD = 0xAAAAAAAB  # modulo 2^32
_ROW = (("r12", "r9", "lr", "r5"), ("r7", "r10", "r11", "r6"))
"""The registers that hold the four columns of each row before they are rescaled."""


def write_outputs(code: ScopedListing, shape: WinogradShape, *, next_group: int, done: int) -> None:
    """The outputs of the next position of the strip, "position", and of all in its group; then to ``next_group``.

    Behind the last position goes to ``done``.
    """
    code.fetch("r0", "work")
    code.add("r0", "r0", shape.filter_bytes, temporary="r1")
    code.keep("sums", "r0")
    position = code.here()
    code.fetch("r0", "tile")
    code.keep("output", "r0")
    code.fetch("r0", "records")
    code.keep("record", "r0")
    one = code.here()
    _load_and_transform(code)
    _store(code, shape)
    _next_filter(code, shape, one)
    _next_position(code, shape, position, next_group=next_group, done=done)
    code.forget("sums", "output", "record")


def _load_and_transform(code: ScopedListing) -> None:
    """The sums at "sums" to the registers of `_ROW`; the constants of "record" that belong to them."""
    code.fetch("r0", "sums")
    _column(code, 1, "r5", "r6")
    code.fetch("r12", "record")
    code.op("ldm r12!, {r7, r8}", "add r5, r5, r7", "add r6, r6, r8")
    code.keep("record", "r12")
    _column(code, 2, "r7", "r8")
    code.op("add r9, r5, r7", "sub r5, r5, r7", "add r10, r6, r8", "sub r6, r6, r8")
    _column(code, 3, "r7", "r8")
    _column(code, 4, "r11", "r12")
    code.op("add lr, r7, r11", "sub r7, r7, r11", "add r11, r8, r12", "sub r8, r8, r12")
    # r9, r5, lr, r7 are the sums and differences of frequencies 1, 2 and 3, 4 in row 0; r10, r6, r11, r8 in row 1.
    code.op("sub r12, lr, r9, lsl #2", "sub lr, lr, r9", "sub r9, r7, r5, lsl #1", "rsb r5, r5, r7, lsl #1")
    code.op(
        "sub r7, r11, r10, lsl #2", "sub r11, r11, r10", "sub r10, r8, r6, lsl #1", "rsb r6, r6, r8, lsl #1"
    )
    for frequency, targets in ((0, ("r12", "r7")), (5, ("r5", "r6"))):
        _loads(code, frequency)
        for row, target in enumerate(targets):
            _combine(code, "r8", row)
            code.op("add r8, r8, r8, lsl #1", f"add {target}, {target}, r8, lsl #1")


def _column(code: ScopedListing, frequency: int, upper: str, lower: str) -> None:
    """The four sums of one frequency to its value in either row."""
    _loads(code, frequency)
    _combine(code, upper, 0)
    _combine(code, lower, 1)


def _loads(code: ScopedListing, frequency: int) -> None:
    code.op(*(f"ldr r{1 + line}, [r0, #{(6 * line + frequency) * SUM_BYTES}]" for line in range(4)))


def _combine(code: ScopedListing, target: str, row: int) -> None:
    if row == 0:
        code.op(f"add {target}, r2, r3", f"sub {target}, {target}, r1, lsl #1")
    else:
        code.op(f"sub {target}, r2, r3", f"add {target}, {target}, r4, lsl #1")


def _store(code: ScopedListing, shape: WinogradShape) -> None:
    """Rescale: see runtime/include/mw_rescale_fitted.h. r1 third, r2 mantissa, r3 offset, r4 jump, r0 output."""
    finished = code.label()
    code.fetch("r0", "record")
    code.op(f"ldm r0!, {{r2-r{4 if shape.jumps else 3}}}")
    code.keep("record", "r0")
    code.fetch("r0", "output")
    for row, registers in enumerate(_ROW):
        row_end = finished if row else code.label()
        code.constant("r1", _THIRD << (4 if shape.jumps else 0))
        for column, register in enumerate(registers):
            if column in (1, 2):
                code.op("lsls r1, r1, #1")
            _rescale(code, shape, register)
            code.op(f"strb {register}, [r0, #{column * shape.out_c}]")
            if shape.out_w % 4 == column + 1:
                # The last tile of a row ends here.
                code.fetch("r8", "column")
                code.op("cmp r8, #1")
                code.branch("beq", row_end)
        if row == 0:
            code.place(row_end)
            _second_row(code, shape, finished)
    code.place(finished)


def _second_row(code: ScopedListing, shape: WinogradShape, finished: int) -> None:
    """Move r0 to the second row, if the image has it."""
    code.add("r0", "r0", shape.out_w * shape.out_c, temporary="r8")
    if shape.out_h % 2:
        code.fetch("r8", "limit")
        code.op("cmp r0, r8")
        code.branch("bhs", finished)


def _rescale(code: ScopedListing, shape: WinogradShape, register: str) -> None:
    offset, scale = ("r8", 8) if shape.jumps else ("r3", 4)
    code.op(f"mul {register}, {register}, r1")
    if shape.jumps:
        code.op(f"and r8, r4, {register}, asr #31", "add r8, r8, r3")
    code.op(
        f"smmla {register}, {register}, r2, {offset}",
        f"ssat {register}, #8, {register}, asr #{shape.shift + scale}",
    )


def _next_filter(code: ScopedListing, shape: WinogradShape, one: int) -> None:
    code.fetch("r0", "output")
    code.op("adds r0, #1")
    code.keep("output", "r0")
    code.fetch("r1", "sums")
    code.op(f"adds r1, #{8 if shape.filters == 4 else 4}")
    code.keep("sums", "r1")
    code.fetch("r2", "tile")
    code.op("subs r2, r0, r2", f"cmp r2, #{shape.filters}")
    code.branch("bne", one)
    if shape.filters == 4:
        # The two positions of one filter lie side by side.
        code.op(f"subs r1, #{SUM_BYTES - 4}")
        code.keep("sums", "r1")


def _next_position(
    code: ScopedListing, shape: WinogradShape, position: int, *, next_group: int, done: int
) -> None:
    same_row = code.label()
    code.fetch("r0", "tile")
    code.add("r0", "r0", 4 * shape.out_c, temporary="r2")
    code.fetch("r1", "column")
    code.op("subs r1, #1")
    code.branch("bne", same_row)
    code.add("r0", "r0", (2 * shape.out_w - 4 * shape.across) * shape.out_c, temporary="r2")
    code.constant("r1", shape.across)
    code.place(same_row)
    code.keep("tile", "r0")
    code.keep("column", "r1")
    code.fetch("r0", "position")
    code.op("adds r0, #1")
    code.keep("position", "r0")
    if shape.even:
        code.compare("r0", shape.positions, temporary="r1")
    else:
        code.fetch("r1", "positions")
        code.op("cmp r0, r1")
    code.branch("beq", done)
    code.op(f"tst r0, #{shape.group - 1}")
    code.branch("bne", position)
    code.branch("b", next_group)
