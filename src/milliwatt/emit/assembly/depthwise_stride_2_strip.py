# SPDX-License-Identifier: Apache-2.0
"""Two columns of one band of a depthwise 3x3 output with stride 2, from top to bottom, out of an NHWC image.

The five bytes x0 to x4 of an input row make (x0, x1) and (x2, x3): the left column's window is the first pair and the
lower half of the second, the right column's the second pair and x4. A step takes rows a and b, ends the outputs that
have met one row, and begins the next ones with row b.

Registers: r0 input; r1 to r3 the weights (wi0, wi1) of rows 0 to 2; r4 (w02, w12); r5 (w12, w22); r6, r7 the outputs;
r8 to r12 and lr x0 to x4 and what else a step needs. All else lies in S registers.
"""

from __future__ import annotations

from milliwatt.emit.assembly import Params
from milliwatt.emit.assembly.listing import Listing
from milliwatt.emit.assembly.short_rescale import limit, multiply

_REACH = 4095


class StrideTwoStrip:
    """Writes the code of a strip.

    Args:
        listing: where to append. S registers hold the band's ``in``, ``out``, ``steps``, ``above`` and ``below`` and
            what `load_record` leaves; r1 to r5 hold weights, r12 the strip's first column.
        params: the kernel's.
        left, right: whether x0, or x4, lies outside.
        unrolled: whether a turn of the loop takes two steps.
    """

    def __init__(self, listing: Listing, params: Params, *, left: bool, right: bool, unrolled: bool) -> None:
        self._list = listing
        self._params = params
        self._left, self._right = left, right
        self._turn = 2 if unrolled else 1
        self._pixel, self._in_row = int(params["channels"]), int(params["in_row"])
        self._zero_point = int(params["zero_point"])
        # Since the turn began: rows read, bytes that r0 has moved, outputs stored.
        self._row = self._moved = self._stored = 0

    def write(self) -> None:
        """From the band's first row to its last."""
        listing = self._list
        self._pointers()
        begun, done = listing.label(), listing.label()
        if int(self._params["pad_top"]):
            self._begin_below_the_border(begun)
        self._read()
        self._begin()
        self._close_rows()
        listing.place(begun)
        self._steps()
        if int(self._params["pad_bottom"]):
            listing.fetch("r12", "below")
            listing.op("cmp r12, #0")
            listing.branch("beq", done)
            self._step(row_b=False)
            listing.place(done)

    def _pointers(self) -> None:
        listing = self._list
        listing.fetch("r0", "in")
        listing.fetch("r7", "out")
        listing.constant("r8", self._pixel)
        listing.op("mla r7, r12, r8, r7", "mul r8, r12, r8", "add.w r0, r0, r8, lsl #1")
        listing.add("r0", "r0", -int(self._params["pad_left"]) * self._pixel, temporary="r8")
        listing.keep("q", "r7")

    def _begin_below_the_border(self, begun: int) -> None:
        """In the image's first band the first outputs' row 0 lies outside."""
        listing = self._list
        listing.fetch("r6", "first" if self._zero_point else "bias")
        listing.fetch("r12", "above")
        listing.op("mov r7, r6", "cmp r12, #0")
        listing.branch("bne", begun)

    def _steps(self) -> None:
        """The loop, perhaps without a turn."""
        listing = self._list
        done, entry = listing.label(), listing.label()
        listing.fetch("r12", "steps")
        listing.constant("r11", 2 * self._in_row)
        listing.op("mla r11, r12, r11, r0")
        listing.keep("end", "r11")
        if self._turn == 2:
            self._enter_odd(entry)
        listing.op("cmp r12, #0")
        listing.branch("beq", done)
        loop = listing.here(aligned=True)
        for turn in range(self._turn):
            if turn:
                listing.place(entry)
            self._step(row_b=True, closes=turn == self._turn - 1)
        self._close_rows()
        listing.fetch("r12", "end")
        listing.op("cmp r0, r12")
        listing.branch("bne", loop)
        listing.place(done)

    def _enter_odd(self, entry: int) -> None:
        """An odd number of steps enters behind the first step of a turn, with the pointers as that leaves them."""
        listing, even = self._list, self._list.label()
        listing.op("lsls r11, r12, #31")
        listing.branch("beq", even)
        back = self._moved_by(2) - 2 * self._in_row
        listing.add("r0", "r0", back, temporary="r11")
        listing.fetch("r10", "q")
        listing.add("r10", "r10", -int(self._params["out_row"]), temporary="r11")
        listing.keep("q", "r10")
        listing.branch("b", entry)
        listing.place(even)

    def _move_for(self, row: int, moved: int) -> int:
        """By how much r0 has moved when it reads a row of the turn."""
        return row * self._in_row if row * self._in_row - moved + 4 * self._pixel > _REACH else moved

    def _moved_by(self, rows: int) -> int:
        """By how much r0 has moved when that many rows of the turn are read."""
        moved = 0
        for row in range(rows):
            moved = self._move_for(row, moved)
        return moved

    def _close_rows(self) -> None:
        """Let r0 point behind the rows that were read."""
        self._advance("r0", self._row * self._in_row - self._moved, temporary="r12")
        self._row = self._moved = 0

    def _advance(self, pointer: str, amount: int, *, temporary: str) -> None:
        """Like `Listing.add`, without 16-bit instructions, which would move the loop off word addresses."""
        if 0 < amount <= _REACH:
            self._list.op(f"addw {pointer}, {pointer}, #{amount}")
        else:
            self._list.add(pointer, pointer, amount, temporary=temporary)

    def _step(self, *, row_b: bool, closes: bool = False) -> None:
        """Rows a and b, or a alone; ``closes`` a turn of the loop."""
        listing = self._list
        self._read()
        listing.op("smlad r6, r8, r2, r6", "smlad r7, r10, r2, r7")
        listing.op("smlabt r6, r10, r4, r6", "smlabt r7, r12, r4, r7")
        if not row_b:
            if self._zero_point:
                listing.fetch("r12", "bottom")
                listing.op("add r6, r6, r12", "add r7, r7, r12")
            self._finish()
            return
        self._read()
        listing.op("smlad r6, r8, r3, r6", "smlad r7, r10, r3, r7")
        listing.op("smlabt r6, r10, r5, r6", "smlabt r7, r12, r5, r7")
        self._finish(closes=closes)
        self._begin()

    def _read(self) -> None:
        """The next row: (x0, x1) in r8, (x2, x3) in r10, x4 in r12."""
        listing = self._list
        move = self._move_for(self._row, self._moved)
        self._advance("r0", move - self._moved, temporary="r8")
        self._moved = move
        offset = self._row * self._in_row - move
        self._row += 1
        for register, outside in (("r8", self._left), ("r12", self._right)):
            if outside:
                listing.op(f"mov {register}, #{self._zero_point}")
        for column in range(int(self._left), 5 - int(self._right)):
            listing.op(f"ldrsb r{8 + column}, [r0, #{offset + column * self._pixel}]")
        listing.op("pkhbt r8, r8, r9, lsl #16", "pkhbt r10, r10, r11, lsl #16")

    def _begin(self) -> None:
        """The outputs that begin with the row just read."""
        listing = self._list
        listing.fetch("lr", "bias")
        listing.op("smlad r6, r8, r1, lr", "smlad r7, r10, r1, lr")
        listing.op("smlabb r6, r10, r4, r6", "smlabb r7, r12, r4, r7")

    def _finish(self, *, closes: bool = False) -> None:
        """Rescale and store; r8, r10 and r12 keep the row just read."""
        listing, params = self._list, self._params
        sums = ["r6", "r7"]
        listing.fetch("r9", "mantissa")
        listing.fetch("r11", "nudge")
        multiply(listing, params, sums, mantissa="r9", nudge="r11", temporary="lr")
        if int(params["shift"]) < 0:
            listing.fetch("r11", "shift")
        # Some instructions in front of the store, which would wait for its address.
        listing.fetch("r9", "q")
        limit(listing, params, sums, shift="r11")
        place = moved = self._stored * int(params["out_row"])
        if place + self._pixel > _REACH:
            self._advance("r9", moved, temporary="r11")
        else:
            moved = 0
        listing.op(f"strb.w r6, [r9, #{place - moved}]", f"strb.w r7, [r9, #{place - moved + self._pixel}]")
        self._stored += 1
        if closes:
            self._advance("r9", self._stored * int(params["out_row"]) - moved, temporary="r11")
            listing.keep("q", "r9")
            self._stored = 0
