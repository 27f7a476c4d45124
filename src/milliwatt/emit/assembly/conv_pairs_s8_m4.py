# SPDX-License-Identifier: Apache-2.0
"""CONV_2D, int8: four filters by two pixels in SMLAD, two filters in each halfword of weights.

A halfword of weights is 256 f + g for the same input of two filters. SMLAD on the word accumulates 256 F + G, one
SXTB16 leaves the two g, and F follows by a subtraction. So two loads of weights, two of inputs and ten instructions
make 16 multiply-accumulates. Compilers run out of registers here: eight sums, four operands, two pointers.
The C form, with what the tables hold, is runtime/kernels/mw_conv_pairs_s8_m4.h.
"""

from __future__ import annotations

from collections.abc import Sequence

from milliwatt.emit.assembly.conv_gemm import FILTERS, ConvGemm, Params
from milliwatt.emit.assembly.copying import copy_words
from milliwatt.emit.assembly.listing import Listing
from milliwatt.emit.assembly.widening import Unrolling, whole_words

SUMS = (("r6", "r7"), ("r8", "r9"), ("r10", "r11"), ("r12", "lr"))
"""The sums of each filter, by pixel."""


def body(params: Params) -> str:
    """The whole function. Arguments: r0 input, r1 output, r2 scratch, r3 weights."""
    return (Pairs(params) if params["block"] == 1 else PairBlocks(params)).text()


class Pairs(ConvGemm):
    """Pair of pixels by pair of pixels, all filters each."""

    def __init__(self, params: Params) -> None:
        constants = 12 if params["jumps"] else 8
        super().__init__(params, pixels=2, constants=constants, ram_words=int(params["ram_words"]))

    def copy_weights(self) -> None:
        copy_words(self.code, self.params["ram_words"], source="r3", target="r12", counter="lr")

    def pointers(self) -> Sequence[str]:
        return "r6", "r7"

    def widen(self) -> None:
        """Halfwords, the words of the two pixels in turn."""
        self.code.add("r8", "r10", 4)
        self._widen_odd_bytes()
        unrolling = Unrolling(block=2, turn=self.params["widened"])
        whole_words(self.code, self.patch, _widen_words, pointers=self.pointers(), unrolling=unrolling)

    def _widen_odd_bytes(self) -> None:
        """The bytes that rows have behind their whole words, behind those words."""
        code, offsets = self.code, self.patch.odd_offsets()
        if not offsets:
            return
        code.add("r9", "r8", 16 * self.patch.words, temporary="r0")
        moves = [
            (f"[{pointer}, #{offset}]", f"[r9, #{8 * (index // 2) + 4 * pixel + 2 * (index % 2)}]")
            for index, offset in enumerate(offsets)
            for pixel, pointer in enumerate(self.pointers())
        ]
        for first in range(0, len(moves), 4):
            part = moves[first : first + 4]
            code.op(*(f"ldrsb r{number}, {source}" for number, (source, _) in enumerate(part)))
            code.op(*(f"strh r{number}, {place}" for number, (_, place) in enumerate(part)))

    def start_sums(self) -> None:
        code = self.code
        code.op("ldr r6, [r4, #4]", "ldr r8, [r4, #8]", "ldr r10, [r4, #12]", "ldr r12, [r4, #16]!")
        self.point_to_inputs()
        # The wide form of one move keeps the loop's 32-bit instructions on word addresses.
        code.op("mov.w r7, r6", *(f"mov {second}, {first}" for first, second in SUMS[1:]))

    def point_to_inputs(self) -> None:
        """The inputs to r5."""
        self.code.fetch("r5", "inputs")

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

    def finish_sums(self) -> None:
        """Sums to outputs: see runtime/include/mw_rescale_fitted.h."""
        for upper, lower in (SUMS[:2], SUMS[2:]):
            if self.params["jumps"]:
                self._rescale_with_jumps(upper, lower)
            else:
                self._rescale(upper, lower)
        self.code.fetch("r0", "output")
        for index, sums in enumerate(SUMS):
            self.stores(sums, base="r0", filter_index=index)
        self.next_outputs("r0")

    def _rescale(self, upper: Sequence[str], lower: Sequence[str]) -> None:
        code, shift = self.code, self.params["shift"]
        code.op("ldr r0, [r4, #4]", "ldr r1, [r4, #8]", "ldr.w r2, [r4, #12]", "ldr r3, [r4, #16]!")
        for f, g in zip(upper, lower, strict=True):
            code.op(f"sub {f}, {f}, {g}", f"smmla {f}, {f}, r0, r1", f"ssat {f}, #8, {f}, asr #{shift + 8}")
        for g in lower:
            code.op(f"smmla {g}, {g}, r2, r3", f"ssat {g}, #8, {g}, asr #{shift}")

    def _rescale_with_jumps(self, upper: Sequence[str], lower: Sequence[str]) -> None:
        """Negative sums take another constant; all sums are scaled by 256."""
        code, shift = self.code, self.params["shift"]
        for sums, other in ((upper, lower), (lower, None)):
            code.op("ldr r0, [r4, #4]", "ldr r1, [r4, #8]", "ldr r2, [r4, #12]!")
            for index, name in enumerate(sums):
                code.op(f"lsl {name}, {name}, #8" if other is None else f"sub {name}, {name}, {other[index]}")
                code.op(f"and r3, r2, {name}, asr #31", "add r3, r3, r1")
                code.op(f"smmla {name}, {name}, r0, r3", f"ssat {name}, #8, {name}, asr #{shift + 8}")


class PairBlocks(Pairs):
    """Some pairs of pixels at a time: four filters are copied to RAM, and multiplied with all pairs of a block."""

    def start(self) -> None:
        """Pointers to S registers."""
        code, size = self.code, 8 * self.steps * self.params["block"]
        code.keep("output", "r1")
        code.add("r4", "r2", -4)
        code.keep("inputs", "r4")
        code.add("r4", "r4", size, temporary="r5")
        code.keep("inputs limit", "r4")
        code.keep("buffer", "r4")
        code.add("r4", "r4", 4 * (self.ram_words - self.constants), temporary="r5")
        code.keep("last_constants", "r4")
        code.keep("weights", "r3")
        code.add("r3", "r3", 4 * self.params["weight_words"], temporary="r5")
        code.keep("weights end", "r3")
        code.add("r9", "r2", size + 4 * self.ram_words, temporary="r5")
        self.bands.start(source="r0", strip="r9")
        if self.bands.rest:
            code.add("r4", "r2", self.params["spill"], temporary="r5")
            code.keep("spill", "r4")

    @property
    def loop_end(self) -> tuple[str, str]:
        return "r4", "last_constants"

    @property
    def stride(self) -> int:
        return self.pixels * self.filters

    def point_to_inputs(self) -> None:
        """The pairs of a block follow each other."""

    def group(self) -> None:
        code = self.code
        self._widen_block()
        if self.bands.rest:
            code.fetch("r12", "left")
            self.divert()
        code.fetch("r0", "output")
        code.keep("block output", "r0")
        code.fetch("r3", "weights")
        quad, done = code.here(), code.label()
        code.fetch("r12", "buffer")
        code.add("r12", "r12", 4)
        copy_words(code, self.ram_words, source="r3", target="r12", counter="lr")
        code.keep("next weights", "r3")
        code.fetch("r5", "inputs")
        self._pairs()
        code.fetch("r3", "next weights")
        code.fetch("r0", "weights end")
        code.op("cmp r3, r0")
        code.branch("beq", done)
        code.fetch("r0", "block output")
        code.op(f"adds r0, #{FILTERS}")
        code.keep("block output", "r0")
        code.keep("output", "r0")
        code.branch("b", quad)
        code.place(done)
        code.fetch("r0", "output")
        code.add("r0", "r0", -FILTERS * (self.quads - 1), temporary="r1")
        code.keep("output", "r0")
        if self.bands.rest:
            self.take_back()

    def _pairs(self) -> None:
        """Four filters for all pairs of the block."""
        code = self.code
        again = code.here(aligned=True)
        code.fetch("r4", "buffer")
        self.start_sums()
        self.multiply()
        if self.filters % FILTERS:
            # EQ in the last quad: the stores keep the flags.
            code.fetch("r0", "next weights")
            code.fetch("r1", "weights end")
            code.op("cmp r0, r1")
        self.finish_sums()
        code.fetch("r0", "inputs end")
        code.op("cmp r5, r0")
        code.branch("bne", again)

    def _widen_block(self) -> None:
        """Pairs until the block is full or less than two pixels are left; a last single pixel is a block."""
        code = self.code
        code.fetch("r10", "inputs")
        code.keep("inputs end", "r10")
        pair, full = code.here(), code.label()
        self.bands.pointers(self.pointers())
        code.fetch("r10", "inputs end")
        self.widen()
        code.fetch("r0", "inputs end")
        code.add("r0", "r0", 8 * self.steps, temporary="r1")
        code.keep("inputs end", "r0")
        code.fetch("r1", "inputs limit")
        code.op("cmp r0, r1")
        code.branch("beq", full)
        code.fetch("r0", "left")
        code.op("cmp r0, #2")
        code.branch("bge", pair)
        code.place(full)


def _widen_words(code: Listing, addresses: Sequence[Sequence[str]]) -> None:
    """One or two words of both pixels, as pairs (0, 2) and (1, 3) of each four bytes, to r8."""
    registers = (("r2", "r3", "r0", "r1"), ("r9", "r10", "r4", "r5"))[: len(addresses)]
    for (first, second), (odd0, odd1, _, _) in reversed(list(zip(addresses, registers, strict=True))):
        code.op(f"ldr {odd0}, {first}", f"ldr {odd1}, {second}")
    for odd0, odd1, even0, even1 in registers:
        code.op(f"sxtb16 {even0}, {odd0}", f"sxtb16 {even1}, {odd1}")
        code.op(f"sxtb16 {odd0}, {odd0}, ror #8", f"sxtb16 {odd1}, {odd1}, ror #8")
    code.op("stm r8!, {r0-r3}" if len(addresses) == 1 else "stm r8!, {r0-r5, r9, r10}")
