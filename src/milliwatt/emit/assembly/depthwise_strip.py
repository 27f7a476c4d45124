# SPDX-License-Identifier: Apache-2.0
"""Two columns of a depthwise 3x3 output, from top to bottom, out of a byte plane.

A step takes two rows a and b of the plane and meets four outputs of each column: F ends with row a, M has met one
row and takes both, N begins with a and b, and B, below N, begins with b. The four bytes of a plane's row become E =
(x0, x2) and O = (x1, x3): the left column's window is E and the lower half of O, the right column's O and the upper
half of E. The middle taps of rows a and b are packed once and serve M and N.

Registers: r0 plane; r1 to r3 the weights (wi0, wi2) of rows 0 to 2; r4 (w01, w11); r5 (w11, w21); r6, r7 F, then N;
r8, r9 M, then B; r10 to r12 and lr E and O of both rows. r1, r2, r3 and r5 serve otherwise in between and are fetched
again. All else lies in S registers.
"""

from __future__ import annotations

from dataclasses import dataclass

from milliwatt.emit.assembly import Params
from milliwatt.emit.assembly.listing import Listing
from milliwatt.emit.assembly.short_rescale import limit, multiply

_REACH = 4095


@dataclass(frozen=True)
class Step:
    """What a step has: rows a and b inside the image, outputs that end (F; M), outputs that begin (N and B)."""

    row_a: bool
    row_b: bool
    ends_f: bool
    ends_m: bool
    begins: bool
    first: bool = False
    last: bool = False

    @property
    def rows(self) -> int:
        """Rows of the plane that the step reads."""
        return self.row_a + self.row_b


@dataclass(frozen=True)
class Strip:
    """The steps of a strip.

    Attributes:
        steps: from top to bottom.
        loop_start, loop_turns: which steps are equal, and are a loop where there are more than two.
    """

    steps: tuple[Step, ...]
    loop_start: int
    loop_turns: int


def strip_of(params: Params) -> Strip:
    """The steps for the plane's and the band's number of rows."""
    inside, outputs, top = (int(params[name]) for name in ("plane_rows", "band_rows", "plane_top"))
    count = (outputs + 1) // 2
    steps = []
    for step in range(count + 1):
        row = 2 * step - top
        steps.append(
            Step(
                row_a=0 <= row < inside and (step > 0 or top == 0),
                row_b=row + 1 < inside and 2 * step - 1 < outputs,
                ends_f=step > 0,
                ends_m=step > 0 and 2 * step - 1 < outputs,
                begins=step < count,
                first=step == 0,
                last=step == count,
            )
        )
    return Strip(tuple(steps), 1, count - 1)


class StripWriter:
    """Writes the code of one strip.

    Args:
        listing: where to append. The S registers hold w0, w1, w2, v, bias, first, bottom, mantissa, nudge, shift and q.
        params: the kernel's.
    """

    def __init__(self, listing: Listing, params: Params) -> None:
        self._list = listing
        self._params = params
        self._pitch = int(params["pitch"])
        self._out_row, self._out_column = int(params["out_row"]), int(params["out_column"])
        self._strip = strip_of(params)
        # How far the stored output pointer is behind the step's rows, and how far r0 is behind its rows.
        self._behind = 0
        self._row = 0

    def write(self) -> None:
        """All steps; r0 and q are at the strip's first row, r1 to r5 hold weights before and after."""
        strip = self._strip
        self._behind = self._row = 0
        before, turns = strip.steps[: strip.loop_start], strip.loop_turns
        for step in before:
            self._step(step)
        equal = strip.steps[strip.loop_start : strip.loop_start + turns]
        if turns > 2:
            self._loop(equal[0], turns)
        else:
            for step in equal:
                self._step(step)
        for step in strip.steps[strip.loop_start + turns :]:
            self._step(step)

    def _loop(self, step: Step, turns: int) -> None:
        """Two steps a turn; an odd number is entered in the middle."""
        listing = self._list
        self._settle_rows()
        odd = turns % 2
        entry = listing.label()
        if odd:
            listing.add("r0", "r0", -2 * self._pitch)
            self._shift_output(-2 * self._out_row)
        listing.add("r12", "r0", (turns + odd) * 2 * self._pitch, temporary="lr")
        listing.keep("end", "r12")
        if odd:
            listing.branch("b", entry)
        loop = listing.here(aligned=True)
        self._step(step)
        if odd:
            listing.place(entry)
        if odd and self._row == 0:
            raise ValueError("the second step of a turn does not begin behind the first one's rows")
        self._step(step, closes=True)
        listing.fetch("r12", "end")
        listing.op("cmp r0, r12")
        listing.branch("bne", loop)

    def _settle_rows(self) -> None:
        """Let r0 point to the next row."""
        self._list.add("r0", "r0", self._row * self._pitch, temporary="r12")
        self._row = 0

    def _shift_output(self, amount: int) -> None:
        self._list.fetch("r12", "q")
        self._list.add("r12", "r12", amount + self._behind, temporary="lr")
        self._list.keep("q", "r12")
        self._behind = 0

    def _step(self, step: Step, *, closes: bool = False) -> None:
        self._load(step, closes=closes)
        if step.first:
            self._begin(step)
            return
        pairs = step.row_a and step.row_b and (step.ends_m or step.begins)
        self._end_f(step)
        self._end_m(step)
        if pairs:
            self._pack()
            if step.ends_m:
                self._list.op("smlad r8, r3, r5, r8", "smlad r9, r2, r5, r9")
        self._finish(step, closes=closes)
        if step.begins:
            self._begin(step)
        elif pairs:
            self._list.fetch("r2", "w1")
            self._list.fetch("r3", "w2")

    def _load(self, step: Step, *, closes: bool) -> None:
        """E and O of rows a (r10, r11) and b (r12, lr)."""
        listing, offset = self._list, self._row * self._pitch
        names = [register for register, there in (("r10", step.row_a), ("r12", step.row_b)) if there]
        self._row += len(names)
        if offset + self._pitch > _REACH:
            listing.add("r0", "r0", offset, temporary="r10")
            self._row, offset = len(names), 0
        for index, register in reversed(list(enumerate(names))):
            place = offset + index * self._pitch
            listing.op(f"ldr {register}, [r0, #{place}]")
        if closes:
            self._advance("r0", self._row * self._pitch, temporary="r11")
            self._row = 0
        for even, odd in (("r10", "r11"), ("r12", "lr")):
            if even in names:
                listing.op(f"sxtb16 {odd}, {even}, ror #8", f"sxtb16 {even}, {even}")

    def _end_f(self, step: Step) -> None:
        if step.row_a:
            self._list.op(
                "smlad r6, r10, r3, r6",
                "smlad r7, r11, r3, r7",
                "smlabt r6, r11, r5, r6",
                "smlatt r7, r10, r5, r7",
            )
        elif step.ends_f:
            self._bottom("r6", "r7")

    def _end_m(self, step: Step) -> None:
        if not step.ends_m:
            return
        self._list.op("smlad r8, r10, r2, r8", "smlad r9, r11, r2, r9")
        if step.row_b:
            self._list.op("smlad r8, r12, r3, r8", "smlad r9, lr, r3, r9")
        else:
            self._list.op("smlabb r8, r11, r5, r8", "smlatb r9, r10, r5, r9")
            self._bottom("r8", "r9")

    def _bottom(self, *sums: str) -> None:
        """The last output's lowest row lies outside: the bias gives back its zero points."""
        if int(self._params["zero_point"]) == 0:
            return
        self._list.fetch("r12", "bottom")
        for value in sums:
            self._list.op(f"add {value}, {value}, r12")

    def _pack(self) -> None:
        """The middle taps of rows a and b: r3 for the left column, r2 for the right one."""
        self._list.op("pkhbt r3, r11, lr, lsl #16", "pkhtb r2, r12, r10, asr #16")

    def _finish(self, step: Step, *, closes: bool) -> None:
        """Rescale and store the outputs that end."""
        listing, params = self._list, self._params
        sums = ["r6", "r7", *(("r8", "r9") if step.ends_m else ())]
        free = ("r5", "r1", "r2", "r3") if step.begins else ("r10", "r11", "r12", "lr")
        mantissa, nudge, temporary, shift = free
        own = int(params["shift"]) < 0
        listing.fetch(mantissa, "mantissa")
        listing.fetch(nudge, "nudge")
        if own:
            listing.fetch(shift, "shift")
        multiply(listing, params, sums, mantissa=mantissa, nudge=nudge, temporary=temporary)
        # Some instructions in front of the store, which would wait for its address.
        listing.fetch(mantissa, "q")
        limit(listing, params, sums, shift=shift)
        self._store(sums, pointer=mantissa, spare=nudge, closes=closes)
        if step.begins:
            listing.fetch("r1", "w0")
            if params["negative"]:
                listing.op("pkhtb r2, r12, r10, asr #16")
            if own:
                listing.op("pkhbt r3, r11, lr, lsl #16")

    def _store(self, sums: list[str], *, pointer: str, spare: str, closes: bool) -> None:
        """Two columns of one row or two; the pointer holds q."""
        listing = self._list
        places = [
            self._behind + index // 2 * self._out_row + index % 2 * self._out_column
            for index in range(len(sums))
        ]
        moved = 0
        if places[-1] > _REACH:
            moved = self._behind
            listing.add(pointer, pointer, moved, temporary=spare)
        for value, place in zip(sums, places, strict=True):
            if place - moved > _REACH:
                listing.add(pointer, pointer, place - moved, temporary=spare)
                moved = place
            # Wide, so that the wide instructions behind stay on word addresses.
            listing.op(f"strb.w {value}, [{pointer}, #{place - moved}]")
        self._behind += len(sums) // 2 * self._out_row
        if closes:
            self._advance(pointer, self._behind - moved, temporary=spare)
            listing.keep("q", pointer)
            self._behind = 0

    def _advance(self, pointer: str, amount: int, *, temporary: str) -> None:
        """Like `Listing.add`, without 16-bit instructions."""
        if 0 < amount <= _REACH:
            self._list.op(f"addw {pointer}, {pointer}, #{amount}")
        else:
            self._list.add(pointer, pointer, amount, temporary=temporary)

    def _begin(self, step: Step) -> None:
        """N in r6 and r7, B in r8 and r9."""
        listing = self._list
        zero = int(self._params["zero_point"]) == 0
        outside = step.first and not step.row_a and not zero
        listing.fetch("r9", "bias")
        start = "r9"
        if outside:
            listing.fetch("r8", "first")
            start = "r8"
        if step.row_a:
            if step.first:
                self._pack()
            listing.op(f"smlad r6, r3, r4, {start}", f"smlad r7, r2, r4, {start}")
            listing.fetch("r2", "w1")
            listing.fetch("r3", "w2")
            if not step.first:
                listing.fetch("r5", "v")
            listing.op("smlad r6, r10, r1, r6", "smlad r7, r11, r1, r7")
            listing.op("smlad r6, r12, r2, r6", "smlad r7, lr, r2, r7")
        else:
            listing.op(f"smlad r6, r12, r2, {start}", f"smlad r7, lr, r2, {start}")
            listing.op("smlabt r6, lr, r4, r6", "smlatt r7, r12, r4, r7")
        listing.op("smlad r8, r12, r1, r9", "smlad r9, lr, r1, r9")
        listing.op("smlabb r8, lr, r4, r8", "smlatb r9, r12, r4, r9")
