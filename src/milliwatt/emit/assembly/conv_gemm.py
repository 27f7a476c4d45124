# SPDX-License-Identifier: Apache-2.0
"""What the generated convolutions share: loops over groups of pixels, quads of filters, and steps of inputs.

The patches of a group of pixels are widened to scratch once. Then four filters at a time are multiplied with them in
registers. Weights and inputs are read in groups of four loads (five cycles), whose offsets leave the pointers alone:
both point to the word before the next one, and the last loads of a turn move them. So most loads are 16 bits long.

The first turn of the inner loop is entered in the middle, so any number of steps runs at full speed in one copy of
the code: the pointers start as many steps early. Every size that differs between layers comes from the geometry.

Registers: r4 weights, r5 inputs, r0 to r3 operands, r6 to r12 and lr the sums. S registers hold everything else.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from milliwatt.emit.assembly.conv_geometry import GeometryListing
from milliwatt.emit.assembly.field_widening import FieldWidening
from milliwatt.emit.assembly.patch_bands import Bands
from milliwatt.emit.assembly.widening import Widening

Params = Mapping[str, int | float]

FILTERS = 4


class ConvGemm(ABC):
    """Writes one function. Arguments: r0 input, r1 output, r2 scratch, r3 weights, on the stack the geometry.

    Args:
        params: the kernel's constants.
        pixels: output pixels of a group.
        turn: steps of one turn of the inner loop.
    """

    step_bytes: int
    """Code of a step, loads included."""

    base: str
    """The register that points to outputs while they are stored."""

    spare: str
    """Another one that is free then."""

    def __init__(self, params: Params, *, pixels: int, turn: int) -> None:
        self.code = GeometryListing()
        self.params = {name: int(value) for name, value in params.items()}
        self.bands = Bands(self.code, group=pixels)
        self.pixels = pixels
        self.turn = turn
        self._words: Sequence[str] = ()

    @abstractmethod
    def copy_weights(self) -> None:
        """Bring the weights from r3 to RAM at r12, r6 words; the table is at r7. r0 to r2 are kept."""

    @abstractmethod
    def copy_quad(self) -> None:
        """Bring the weights of four filters from r3 to RAM at r12, and r3 behind them. r0 to r2 are kept."""

    @abstractmethod
    def widening(self) -> Widening | FieldWidening:
        """What widens the patches of a group."""

    @abstractmethod
    def widen(self) -> None:
        """Widen the patches to the word behind r10."""

    @abstractmethod
    def start_sums(self) -> None:
        """Load the initial sums by r4, and move it to the word before the weights; r5 is kept."""

    @abstractmethod
    def step(self) -> None:
        """Multiply the weights in r0 and r1 with the inputs in r2 and r3."""

    @abstractmethod
    def finish_sums(self) -> Sequence[str]:
        """Rescale; the registers that hold the outputs of four filters as words, by pixel.

        Begins with `compare_last` and keeps its flags.
        Leaves r2, r3, r9, `base` and `spare` free.
        """

    def text(self) -> str:
        """The function's assembly."""
        self.start()
        self.bands.open_band()
        self.group()
        self.bands.close_band()
        saved = self.code.borrowed
        head = ["push {r4-r11, lr}", "ldr lr, [sp, #36]", *([f"vpush {saved}"] if saved else [])]
        self.code.op(*([f"vpop {saved}"] if saved else []), "pop {r4-r11, pc}")
        self.code.write_later_parts()
        return "\n".join([*head, self.code.text()])

    def start(self) -> None:
        """Pointers to S registers; the weights to RAM. The table is at lr."""
        code = self.code
        in_place, placed = code.label(), code.label()
        code.load_geometry("lr")
        code.op("mov r7, lr")
        code.keep("output", "r1")
        code.keep("group output", "r1")
        self.keep_entry()
        code.op("subs r4, r2, #4")
        code.keep("widened", "r4")
        code.op("subs r5, r4, r5")
        code.keep("inputs", "r5")
        code.read("r6", "input_bytes", geometry="r7")
        code.op("add r4, r6")
        code.keep("inputs end", "r4")
        code.op("add r12, r2, r6")
        code.read("r6", "ram_words", geometry="r7")
        code.op("cmp r6, #0")
        code.branch("beq", in_place)
        code.op("mov r1, r12")
        self.copy_weights()
        code.op("mov r3, r1")
        code.fetch("r7", "geometry")
        code.read("r6", "ram_words", geometry="r7")
        code.op("add r9, r3, r6, lsl #2")
        code.branch("b", placed)
        code.place(in_place)
        code.op("mov r9, r12")
        code.read("r6", "weight_words", geometry="r7")
        code.place(placed)
        code.op("subs r3, #4")
        code.keep("weights", "r3")
        code.read("r4", "constants", geometry="r7")
        code.op("subs r6, r6, r4", "add r4, r3, r6, lsl #2")
        code.keep("last constants", "r4")
        self.bands.start(source="r0", strip="r9", geometry="r7")

    def keep_entry(self) -> None:
        """Where the inner loop is entered: the code of the steps that are skipped. Leaves their bytes in r5."""
        code = self.code
        self.again = code.label()
        code.fetch("r5", "skipped")
        code.op(f"adr.w r4, {self.again}f", f"movs r6, #{self.step_bytes // 8}", "mla r4, r5, r6, r4")
        code.keep("entry", "r4")

    def group(self) -> None:
        code = self.code
        quad, last, done = code.label(), code.label(), code.label()
        self.widen_group()
        code.branch("b", quad)
        self.multiply()
        self.finish_quad(last=last)
        code.place(quad)
        self.start_sums()
        code.fetch("r5", "skipped")
        code.op("subs r4, r5")
        code.fetch("r5", "inputs")
        self.enter()
        self.finish_group(last=last, done=done)

    def widen_group(self) -> None:
        """The next group of pixels; the weights of its first quad at r4."""
        self.bands.pointers(self.widening().pointers)
        self.code.fetch("r10", "widened")
        self.widen()
        self.code.fetch("r4", "weights")

    def finish_quad(self, *, last: int) -> None:
        """The outputs of four filters; those of the last ones are left to `finish_group`, at a label."""
        self._words = self.finish_sums()
        self.code.fetch(self.base, "output")
        self.fetch_offsets()
        self.code.branch("beq", last)
        self.store(self._words)
        self.code.op(f"adds {self.base}, #{FILTERS}")
        self.code.keep("output", self.base)

    def finish_group(self, *, last: int, done: int) -> None:
        """The outputs of the last filters."""
        self.code.place(last)
        self.store_last(self._words, done)
        self.code.place(done)
        self.next_group()

    def next_group(self) -> None:
        """The output pointer behind the pixels of this group."""
        code = self.code
        code.fetch("r0", "group output")
        code.fetch("r1", "out_c")
        code.fetch("r2", f"to pixel {self.pixels - 1}")
        code.op("add r0, r1", "add r0, r2")
        code.keep("group output", "r0")
        code.keep("output", "r0")

    def compare_last(self) -> None:
        """EQ in the last quad; everything up to the branch keeps the flags."""
        self.code.fetch("r0", "last constants")
        self.code.op("cmp r4, r0")

    def enter(self) -> None:
        """Jump into the inner loop."""
        self.code.fetch("r0", "entry")
        self.code.op("mov pc, r0")

    def fetch_offsets(self) -> None:
        """Where outputs go behind those of the first pixel: to r2, and for a third pixel to r3."""
        for pixel, register in zip(range(1, self.pixels), ("r2", "r3"), strict=False):
            self.code.fetch(register, f"to pixel {pixel}")

    def store(self, words: Sequence[str]) -> None:
        """Store the outputs of four filters."""
        self.code.op(f"str {words[0]}, [{self.base}]")
        for word, offset in zip(words[1:], ("r2", "r3"), strict=False):
            self.code.op(f"str {word}, [{self.base}, {offset}]")

    def store_last(self, words: Sequence[str], done: int) -> None:
        """Store the outputs of the last filters, one to four."""
        code = self.code
        ragged = code.label()
        code.fetch("r9", "tail")
        code.op(f"cmp r9, #{FILTERS}")
        code.branch("bne.w", ragged)
        self.store(words)
        code.later(lambda: self._store_ragged(words, start=ragged, done=done))

    def _store_ragged(self, words: Sequence[str], *, start: int, done: int) -> None:
        """Store the outputs of r9 filters, less than four."""
        code = self.code
        code.place(start)
        ConvGemm.fetch_offsets(self)
        code.op("cmp r9, #2")
        for pixel, word in enumerate(words):
            base = (self.base, "r2", "r3")[pixel]
            if pixel:
                code.op(f"add {base}, {self.base}")
            code.op(f"strb {word}, [{base}]")
            code.op("itt ge", f"lsrge {word}, {word}, #8", f"strbge {word}, [{base}, #1]")
            code.op("itt gt", f"lsrgt {word}, {word}, #8", f"strbgt {word}, [{base}, #2]")
        code.branch("b.w", done)

    def multiply(self) -> None:
        """The inner loop."""
        code = self.code
        code.op(".balign 4")
        code.place(self.again)
        for step in range(self.turn):
            low, high = 8 * step + 4, 8 * step + 8
            back = "!" if step == self.turn - 1 else ""
            code.op(f"ldr r0, [r4, #{low}]", f"ldr r1, [r4, #{high}]{back}")
            code.op(f"ldr r2, [r5, #{low}]", f"ldr r3, [r5, #{high}]{back}")
            self.step()
        self.loop_end(self.again)

    def loop_end(self, again: int) -> None:
        """Once more until all inputs are multiplied."""
        self.code.fetch("r0", "inputs end")
        self.code.op("cmp r5, r0")
        self.code.branch("bne", again)
