# SPDX-License-Identifier: Apache-2.0
"""CONV_2D, int8: four filters by two pixels in SMLAD, two filters in each halfword of weights.

A halfword of weights is 256 f + g for the same input of two filters. SMLAD on the word accumulates 256 F + G, one
SXTB16 leaves the two g, and F follows by a subtraction. So two loads of weights, two of inputs and ten instructions
make 16 multiply-accumulates. Compilers run out of registers here: eight accumulators, four operands, two pointers.
The C form, with what the tables hold, is runtime/kernels/mw_conv_pairs_s8_m4.h.

Registers of the inner loop: r0 to r3 operands, r4 weights, r5 inputs, then filter by filter both pixels in r6 to lr.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from milliwatt.emit.assembly.copying import copy_bytes, copy_words
from milliwatt.emit.assembly.listing import Listing
from milliwatt.emit.assembly.patch_bands import Bands
from milliwatt.emit.assembly.widening import Patch, patch_of, whole_words

Params = Mapping[str, int | float]

PIXELS = 2
FILTERS = 4
SUMS = (("r6", "r7"), ("r8", "r9"), ("r10", "r11"), ("r12", "lr"))
"""The accumulators of each filter, by pixel."""


def body(params: Params) -> str:
    """The whole function. Arguments: r0 input, r1 output, r2 scratch, r3 weights."""
    return _Pairs(params).text()


class _Pairs:
    """Writes the function; one method for each part, in the order of the text."""

    def __init__(self, params: Params) -> None:
        self.code = Listing()
        self.params = {name: int(value) for name, value in params.items()}
        self.bands = Bands(self.code, params, group=PIXELS)
        self.patch = patch_of(params)
        self.steps, self.turns = self.params["steps"], self.params["turns"]
        self.filters = self.params["out_c"]

    def text(self) -> str:
        code = self.code
        code.op("push {r4-r11, lr}")
        self._start()
        self.bands.open_band()
        self._group()
        self.bands.close_band()
        code.op("pop {r4-r11, pc}")
        return code.text()

    def _start(self) -> None:
        """Pointers to S registers; the weights to RAM."""
        code, params = self.code, self.params
        size = 8 * self.steps
        code.keep("output", "r1")
        code.add("r4", "r2", -4)
        code.keep("inputs", "r4")
        if self.turns > 1:
            code.add("r4", "r4", size, temporary="r5")
            code.keep("inputs_end", "r4")
        weights = "r3"
        if params["copied_words"]:
            code.add("r12", "r2", size, temporary="r5")
            code.op("mov r1, r12")
            copy_words(code, params["copied_words"], source="r3", target="r12", counter="lr")
            weights = "r1"
        code.add("r4", weights, -4)
        code.keep("weights", "r4")
        code.add("r4", "r4", 4 * params["weight_words"], temporary="r5")
        code.keep("weights_end", "r4")
        code.add("r9", "r2", size + 4 * params["copied_words"], temporary="r5")
        self.bands.start(source="r0", strip="r9")
        if self.bands.rest:
            code.add("r4", "r2", params["spill"], temporary="r5")
            code.keep("spill", "r4")

    def _group(self) -> None:
        code = self.code
        self.bands.pointers(("r6", "r7"))
        if self.bands.rest:
            self._divert()
        self._widen()
        code.fetch("r4", "weights")
        quad, last = code.here(aligned=True), code.label()
        self._multiply()
        self._rescale()
        self._finish_quad(quad, last)
        code.fetch("r0", "output")
        code.add("r0", "r0", self.filters, temporary="r1")
        code.keep("output", "r0")
        if self.bands.rest:
            self._return()

    def _divert(self) -> None:
        """The outputs of an incomplete group go to scratch."""
        code = self.code
        complete = code.label()
        code.op("cmp r12, #0")
        code.branch("bge", complete)
        code.fetch("r0", "output")
        code.keep("kept", "r0")
        code.fetch("r0", "spill")
        code.keep("output", "r0")
        code.place(complete)

    def _return(self) -> None:
        """Those of an incomplete group that are real go to the output."""
        code = self.code
        complete = code.label()
        count = self.bands.rest * self.filters
        code.fetch("r0", "left")
        code.op("cmp r0, #0")
        code.branch("bge", complete)
        code.fetch("r0", "spill")
        code.fetch("r1", "kept")
        code.add("r2", "r1", count, temporary="r3")
        code.keep("output", "r2")
        copy_bytes(code, count, source="r0", target="r1", counter="r8")
        code.place(complete)

    def _widen(self) -> None:
        """Both patches as halfwords to scratch, the words of the two pixels in turn."""
        code = self.code
        code.fetch("r8", "inputs")
        code.add("r8", "r8", 4)
        odd_bytes(code, self.patch, pointers=("r6", "r7"), target="r8")
        whole_words(code, self.patch, _widen_words, pointers=("r6", "r7"), words=2)

    def _multiply(self) -> None:
        """The sums of four filters for two pixels."""
        code = self.code
        first = [sums[0] for sums in SUMS]
        code.op(*(f"ldr {name}, [r4, #{4 * index + 4}]" for index, name in enumerate(first[:-1])))
        code.op(f"ldr {first[-1]}, [r4, #16]!")
        code.fetch("r5", "inputs")
        # The wide form of one move keeps the loop's 32-bit instructions on word addresses.
        code.op("mov.w r7, r6", *(f"mov {second}, {name}" for name, second in SUMS[1:]))
        turn = self.steps // self.turns
        again = code.here(aligned=True)
        for step in range(turn):
            self._step(step % 16, last=step == turn - 1 or step % 16 == 15)
        if self.turns > 1:
            code.fetch("r0", "inputs_end")
            code.op("cmp r5, r0")
            code.branch("bne", again)

    def _step(self, step: int, *, last: bool) -> None:
        """Two inputs of two pixels by four filters. The last loads of 16 steps move the pointers."""
        low, high, back = 8 * step + 4, 8 * step + 8, "!" if last else ""
        self.code.op(
            f"ldr r0, [r4, #{low}]",
            f"ldr r1, [r4, #{high}]{back}",
            f"ldr r2, [r5, #{low}]",
            f"ldr r3, [r5, #{high}]{back}",
            "smlad r6, r0, r2, r6",
            "smlad r7, r0, r3, r7",
            "sxtb16 r0, r0",
            "smlad r10, r1, r2, r10",
            "smlad r11, r1, r3, r11",
            "sxtb16 r1, r1",
            "smlad r8, r0, r2, r8",
            "smlad r9, r0, r3, r9",
            "smlad r12, r1, r2, r12",
            "smlad lr, r1, r3, lr",
        )

    def _rescale(self) -> None:
        """Sums to outputs: see runtime/include/mw_rescale_fitted.h."""
        if self.params["jumps"]:
            self._rescale_with_jumps()
            return
        code, shift = self.code, self.params["shift"]
        for upper, lower in (SUMS[:2], SUMS[2:]):
            code.op("ldr r0, [r4, #4]", "ldr r1, [r4, #8]", "ldr.w r2, [r4, #12]", "ldr r3, [r4, #16]!")
            for f, g in zip(upper, lower, strict=True):
                code.op(
                    f"sub {f}, {f}, {g}", f"smmla {f}, {f}, r0, r1", f"ssat {f}, #8, {f}, asr #{shift + 8}"
                )
            for g in lower:
                code.op(f"smmla {g}, {g}, r2, r3", f"ssat {g}, #8, {g}, asr #{shift}")

    def _rescale_with_jumps(self) -> None:
        """Negative sums take another constant; all sums are scaled by 256."""
        code, shift = self.code, self.params["shift"]
        for upper, lower in (SUMS[:2], SUMS[2:]):
            for sums, other in ((upper, lower), (lower, None)):
                code.op("ldr r0, [r4, #4]", "ldr r1, [r4, #8]", "ldr r2, [r4, #12]!")
                for index, name in enumerate(sums):
                    scale = (
                        f"lsl {name}, {name}, #8" if other is None else f"sub {name}, {name}, {other[index]}"
                    )
                    code.op(scale, f"and r3, r2, {name}, asr #31", "adds r3, r3, r1")
                    code.op(f"smmla {name}, {name}, r0, r3", f"ssat {name}, #8, {name}, asr #{shift + 8}")

    def _finish_quad(self, quad: int, last: int) -> None:
        """Stores, and the next four filters."""
        code, rest = self.code, self.filters % FILTERS
        code.fetch("r0", "output")
        if rest:
            code.fetch("r1", "weights_end")
            code.op("cmp r4, r1")
            code.branch("beq", last)
        if self.filters >= FILTERS:
            self._store(SUMS)
            if rest:
                code.branch("b", quad)
            else:
                code.fetch("r1", "weights_end")
                code.op("cmp r4, r1")
                code.branch("bne", quad)
        if rest:
            code.place(last)
            self._store(SUMS[:rest])

    def _store(self, sums: Sequence[Sequence[str]]) -> None:
        code = self.code
        for pixel in range(PIXELS):
            for index, names in enumerate(sums):
                code.op(f"strb {names[pixel]}, [r0, #{pixel * self.filters + index}]")
        code.op(f"adds r0, #{len(sums)}")
        code.keep("output", "r0")


def _widen_words(code: Listing, addresses: Sequence[Sequence[str]]) -> None:
    """One or two words of both pixels, as pairs (0, 2) and (1, 3) of each four bytes, to r8."""
    registers = (("r2", "r3", "r0", "r1"), ("r9", "r10", "r4", "r5"))[: len(addresses)]
    for (first, second), (odd0, odd1, _, _) in reversed(list(zip(addresses, registers, strict=True))):
        code.op(f"ldr {odd0}, {first}", f"ldr {odd1}, {second}")
    for odd0, odd1, even0, even1 in registers:
        code.op(f"sxtb16 {even0}, {odd0}", f"sxtb16 {even1}, {odd1}")
        code.op(f"sxtb16 {odd0}, {odd0}, ror #8", f"sxtb16 {odd1}, {odd1}, ror #8")
    code.op("stm r8!, {r0-r3}" if len(addresses) == 1 else "stm r8!, {r0-r5, r9, r10}")


def odd_bytes(code: Listing, patch: Patch, *, pointers: Sequence[str], target: str) -> None:
    """The bytes that rows have behind their whole words, as halfwords behind those words. Uses r0 to r3 and r9."""
    offsets = patch.odd_offsets()
    if not offsets:
        return
    code.add("r9", target, 16 * patch.words, temporary="r0")
    moves = [
        (f"[{pointer}, #{offset}]", f"[r9, #{8 * (index // 2) + 4 * pixel + 2 * (index % 2)}]")
        for index, offset in enumerate(offsets)
        for pixel, pointer in enumerate(pointers)
    ]
    for first in range(0, len(moves), 4):
        part = moves[first : first + 4]
        code.op(*(f"ldrsb r{number}, {source}" for number, (source, _) in enumerate(part)))
        code.op(*(f"strh r{number}, {place}" for number, (_, place) in enumerate(part)))
