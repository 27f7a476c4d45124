# SPDX-License-Identifier: Apache-2.0
"""Convolution by pairs of pixels, pair by pair, all filters each: see conv_pairs_s8_m4.py."""

from __future__ import annotations

from collections.abc import Sequence

from milliwatt.emit.assembly.conv_gemm import ConvGemm, Params
from milliwatt.emit.assembly.counted_copy import copy_words
from milliwatt.emit.assembly.widening import Addresses, Widening

SUMS = (("r6", "r7"), ("r8", "r9"), ("r10", "r11"), ("r12", "lr"))
"""The sums of each filter, by pixel."""

_TURN = 8


class Pairs(ConvGemm):
    """Pair of pixels by pair of pixels."""

    step_bytes = 48
    base = "r0"
    spare = "r1"

    def __init__(self, params: Params) -> None:
        super().__init__(params, pixels=2, turn=_TURN)

    def copy_weights(self) -> None:
        self.code.op("mov lr, r6")
        copy_words(self.code, source="r3", target="r12", count="lr")

    def copy_quad(self) -> None:
        code = self.code
        code.fetch("lr", "geometry")
        code.read("lr", "ram_words", geometry="lr")
        copy_words(code, source="r3", target="r12", count="lr")

    def widening(self) -> Widening:
        return _Halves(self.code, ("r6", "r7"))

    def widen(self) -> None:
        """Halfwords, the words of the two pixels in turn."""
        self.code.op("add r8, r10, #4")
        self.widening().emit()

    def start_sums(self) -> None:
        code = self.code
        code.op("ldr r6, [r4, #4]", "ldr r8, [r4, #8]", "ldr r10, [r4, #12]", "ldr r12, [r4, #16]!")
        code.op(*(f"mov {second}, {first}" for first, second in SUMS))

    def step(self) -> None:
        self.code.op(
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

    def finish_sums(self) -> Sequence[str]:
        """See runtime/include/mw_rescale_fitted.h."""
        code = self.code
        jumps, rescaled = code.label(), code.label()
        if self.params["jumps"]:
            code.fetch("r0", "jumps")
            code.op("cmp r0, #0")
            code.branch("bne.w", jumps)
            code.later(lambda: self._finish_with_jumps(start=jumps, done=rescaled))
        self.compare_last()
        self._rescale(*SUMS[:2])
        self._rescale(*SUMS[2:])
        code.place(rescaled)
        for first, second in (SUMS[:2], SUMS[2:]):
            self.code.op(*(f"bfi {f}, {g}, #8, #8" for f, g in zip(first, second, strict=True)))
        self.code.op("pkhbt r6, r6, r10, lsl #16", "pkhbt r7, r7, r11, lsl #16")
        return "r6", "r7"

    def _rescale(self, upper: Sequence[str], lower: Sequence[str]) -> None:
        code, shift = self.code, self.params["shift"]
        code.op("ldr r0, [r4, #4]", "ldr r1, [r4, #8]", "ldr.w r2, [r4, #12]", "ldr r3, [r4, #16]!")
        for f, g in zip(upper, lower, strict=True):
            code.op(f"sub {f}, {f}, {g}", f"smmla {f}, {f}, r0, r1", f"ssat {f}, #8, {f}, asr #{shift + 8}")
        for g in lower:
            code.op(f"smmla {g}, {g}, r2, r3", f"ssat {g}, #8, {g}, asr #{shift}")

    def _finish_with_jumps(self, *, start: int, done: int) -> None:
        code = self.code
        code.place(start)
        self.compare_last()
        if self.params["blocks"]:
            code.op("push {r5}")
        code.fetch("r5", "jumps")
        self._rescale_with_jumps(*SUMS[:2])
        self._rescale_with_jumps(*SUMS[2:])
        if self.params["blocks"]:
            code.op("pop {r5}")
        code.branch("b.w", done)

    def _rescale_with_jumps(self, upper: Sequence[str], lower: Sequence[str]) -> None:
        """Negative sums take another constant; all sums are scaled by 256. r5 holds the bits of fraction."""
        code = self.code
        for sums, other in ((upper, lower), (lower, None)):
            code.op("ldr r0, [r4, #4]", "ldr r1, [r4, #8]", "ldr r2, [r4, #12]!")
            for index, name in enumerate(sums):
                code.op(f"lsl {name}, {name}, #8" if other is None else f"sub {name}, {name}, {other[index]}")
                code.op(f"and r3, r2, {name}, asr #31", "add r3, r3, r1")
                code.op(
                    f"smmla {name}, {name}, r0, r3", f"asr {name}, {name}, r5", f"ssat {name}, #8, {name}"
                )


class _Halves(Widening):
    """Bytes to halfwords at r8, the words of both pixels in turn; uses r0 to r5, r9 and r10."""

    block = 2

    def words(self, addresses: Addresses) -> None:
        """As pairs (0, 2) and (1, 3) of each four bytes."""
        code = self.code
        registers = (("r2", "r3", "r0", "r1"), ("r9", "r10", "r4", "r5"))[: len(addresses)]
        for (first, second), (odd0, odd1, _, _) in reversed(list(zip(addresses, registers, strict=True))):
            code.op(f"ldr {odd0}, {first}", f"ldr {odd1}, {second}")
        for odd0, odd1, even0, even1 in registers:
            code.op(f"sxtb16 {even0}, {odd0}", f"sxtb16 {even1}, {odd1}")
            code.op(f"sxtb16 {odd0}, {odd0}, ror #8", f"sxtb16 {odd1}, {odd1}, ror #8")
        code.op("stm r8!, {r0-r3}" if len(addresses) == 1 else "stm r8!, {r0-r5, r9, r10}")

    def byte(self) -> None:
        first, second = self.pointers
        self.code.op(
            f"ldrsb r0, [{first}], #1", f"ldrsb r1, [{second}], #1", "strh r0, [r8]", "strh r1, [r8, #4]"
        )
        # From an even byte to the odd one of its word, from there to the next word of the same pixel.
        self.code.op("add r8, #2", "tst r8, #2", "it eq", "addeq r8, #4")
