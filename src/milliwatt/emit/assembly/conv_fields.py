# SPDX-License-Identifier: Apache-2.0
"""Convolution by groups of three pixels, group by group, all filters each: see conv_fields_s8_m4.py."""

from __future__ import annotations

from collections.abc import Sequence

from milliwatt.emit.assembly.conv_gemm import ConvGemm, Params
from milliwatt.emit.assembly.field_widening import FieldWidening
from milliwatt.emit.assembly.listing import Listing

_TURN = 16

_MASK = "r10"


class Fields(ConvGemm):
    """Three pixels by three pixels."""

    step_bytes = 24
    base = "r6"
    spare = "r7"

    def __init__(self, params: Params) -> None:
        super().__init__(params, pixels=3, turn=int(params["turn"]) or _TURN)

    def widening(self) -> FieldWidening:
        return FieldWidening(self.code, row_bytes=self.params["row_bytes"])

    def copy_weights(self) -> None:
        code = self.code
        code.read("r4", "weight_words", geometry="r7")
        code.op("add lr, r3, r4, lsl #2")
        quad = code.here()
        self.copy_quad()
        code.op("cmp r3, lr")
        code.branch("bne", quad)

    def copy_quad(self) -> None:
        """Four int8 weights of a step become two words of two fields; the words around them are copied."""
        code = self.code
        rest, constants = code.label(), code.label()
        code.op("ldm r3!, {r4-r7}", "stm r12!, {r4-r7}")
        code.fetch("r11", "geometry")
        code.read("r11", "pair_bytes", geometry="r11")
        code.op(f"mov {_MASK}, #-1", f"lsl {_MASK}, {_MASK}, #21", "subs r11, #16")
        code.branch("blt", rest)
        again = code.here()
        code.op("ldr r8, [r3, #4]", "ldr r4, [r3], #8")
        _spread(code, "r4", low="r4", high="r5", temporary="r6")
        _spread(code, "r8", low="r6", high="r7", temporary="r9")
        code.op("stm r12!, {r4-r7}", "subs r11, #16")
        code.branch("bge", again)
        code.place(rest)
        code.op("adds r11, #16")
        code.branch("beq", constants)
        code.op("ldr r4, [r3], #4")
        _spread(code, "r4", low="r4", high="r5", temporary="r6")
        code.op("stm r12!, {r4, r5}")
        code.place(constants)
        code.op("ldm r3!, {r4-r11}", "stm r12!, {r4-r11}")

    def widen(self) -> None:
        """The words A and A' of each input."""
        self.code.op("add lr, r10, #4")
        self.widening().emit()

    def keep_entry(self) -> None:
        if not self.params["steps"]:
            super().keep_entry()
            return
        self.again = self.code.label()
        self.code.fetch("r5", "skipped")

    def group(self) -> None:
        """With a known number of steps the loop over filters goes straight on into them."""
        if not self.params["steps"]:
            super().group()
            return
        code = self.code
        self.widen_group()
        quad, last, done = code.here(), code.label(), code.label()
        self.start_sums()
        code.fetch("r5", "inputs")
        self.multiply()
        self.finish_quad(last=last)
        code.branch("b", quad)
        self.finish_group(last=last, done=done)

    def loop_end(self, again: int) -> None:
        if not self.params["steps"]:
            super().loop_end(again)

    def fetch_offsets(self) -> None:
        if not self.params["stride"]:
            super().fetch_offsets()

    def store(self, words: Sequence[str]) -> None:
        stride = self.params["stride"]
        if stride:
            self.code.op(*(f"str {word}, [{self.base}, #{stride * n}]" for n, word in enumerate(words)))
        else:
            super().store(words)

    def start_sums(self) -> None:
        code = self.code
        code.op("ldr r6, [r4, #4]", "ldr r7, [r4, #8]", "ldr r10, [r4, #12]", "ldr r11, [r4, #16]!")
        code.op("mov r8, r6", "mov r9, r7", "mov r12, r10", "mov lr, r11")

    def step(self) -> None:
        self.code.op(
            "smlal r6, r7, r0, r2", "smlal r8, r9, r0, r3", "smlal r10, r11, r1, r2", "smlal r12, lr, r1, r3"
        )

    def finish_sums(self) -> Sequence[str]:
        """The six sums of each two filters, rescaled: see runtime/include/mw_rescale_fitted.h."""
        self.compare_last()
        first = self._finish_pair(("r6", "r7", "r8", "r9"), free=("r0", "r1"))
        second = self._finish_pair(("r10", "r11", "r12", "lr"), free=("r6", "r7"))
        for low, high in zip(first, second, strict=True):
            self.code.op(f"pkhbt {low}, {low}, {high}, lsl #16")
        return first

    def _finish_pair(self, sums: Sequence[str], *, free: tuple[str, str]) -> Sequence[str]:
        """The registers that hold the outputs of both filters in their lower halves, by pixel."""
        code, (low, high, low2, high2) = self.code, sums
        for lower, upper, first in ((low, high, free[0]), (low2, high2, free[1])):
            code.op(f"ubfx {first}, {lower}, #0, #21", f"lsr {lower}, {lower}, #21")
            code.op(f"bfi {lower}, {upper}, #11, #10", f"asr {upper}, {upper}, #10")
        code.op(f"sub {low}, {low}, {free[1]}", f"sub {low2}, {low2}, {high}")
        f, g = (*free, low2), (low, high, high2)
        for names in (f, g):
            # The wide form keeps 32-bit instructions on word addresses.
            code.op("ldr.w r2, [r4, #4]", "ldr r3, [r4, #8]!")
            for name in names:
                shift = self.params["shift"]
                code.op(f"smmla {name}, {name}, r2, r3", f"ssat {name}, #8, {name}, asr #{shift}")
        code.op(*(f"bfi {one}, {other}, #8, #8" for one, other in zip(f, g, strict=True)))
        return f


def _spread(code: Listing, word: str, *, low: str, high: str, temporary: str) -> None:
    """Bytes a, b, c, d of a word to a + b 2^21 and c + d 2^21. low may be the word; the mask keeps bits from 21 on."""
    code.op(f"and {high}, {_MASK}, {word}, asr #3", f"lsl {temporary}, {word}, #16")
    code.op(f"sxtab {high}, {high}, {word}, ror #16", f"and {temporary}, {_MASK}, {temporary}, asr #3")
    code.op(f"sxtab {low}, {temporary}, {word}")
