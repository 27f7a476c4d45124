# SPDX-License-Identifier: Apache-2.0
"""What the generated convolutions share: loops over groups of pixels, quads of filters, and steps of inputs.

The patches of a group of pixels are widened to scratch once. Then four filters at a time are multiplied with them in
registers. Weights and inputs are read in groups of four loads (five cycles), whose offsets leave the pointers alone:
both point to the word before the next one, and the last loads of 16 steps move them. So most loads are 16 bits long.

Registers: r4 weights, r5 inputs, r0 to r3 operands, r6 to r12 and lr the sums. S registers hold everything else.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from milliwatt.emit.assembly.copying import copy_bytes
from milliwatt.emit.assembly.patch_bands import Bands
from milliwatt.emit.assembly.scoped_listing import ScopedListing
from milliwatt.emit.assembly.widening import patch_of

Params = Mapping[str, int | float]

FILTERS = 4
_CHUNK = 16  # steps that one pair of pointers reaches


class ConvGemm(ABC):
    """Writes one function. Arguments: r0 input, r1 output, r2 scratch, r3 weights.

    Args:
        params: the kernel's constants.
        pixels: output pixels of a group.
        constants: words of constants that follow the weights of four filters.
        ram_words: words that the weights take in RAM, 0 where they are read in place.
    """

    def __init__(self, params: Params, *, pixels: int, constants: int, ram_words: int) -> None:
        self.code = ScopedListing()
        self.params = {name: int(value) for name, value in params.items()}
        self.patch = patch_of(params)
        self.filters = self.params["out_c"]
        self.bands = Bands(self.code, params, group=pixels)
        self.pixels = pixels
        self.constants = constants
        self.ram_words = ram_words
        self.steps, self.turns = self.params["steps"], self.params["turns"]
        self.quads = -(-self.filters // FILTERS)

    @abstractmethod
    def copy_weights(self) -> None:
        """Bring the weights from r3 to RAM at r12; r0 to r2 are kept."""

    @abstractmethod
    def pointers(self) -> Sequence[str]:
        """The registers that point to the patches of a group."""

    @abstractmethod
    def widen(self) -> None:
        """Widen the patches to the word behind r10."""

    @abstractmethod
    def start_sums(self) -> None:
        """Load the initial sums by r4; r5 is not free."""

    @abstractmethod
    def step(self) -> None:
        """Multiply the weights in r0 and r1 with the inputs in r2 and r3."""

    @abstractmethod
    def finish_sums(self) -> None:
        """Rescale, and store by r5 or r0 with `store`. Flags must be kept."""

    @property
    def loop_end(self) -> tuple[str, str]:
        """A pointer of the inner loop, and the name of what it is at the end."""
        return "r5", "inputs_end"

    @property
    def stride(self) -> int:
        """Bytes from the outputs of one turn of the loop around the inner loop to those of the next."""
        return FILTERS

    def text(self) -> str:
        """The function's assembly."""
        self.start()
        self.bands.open_band()
        self.group()
        self.bands.close_band()
        saved = self.code.borrowed
        head = ["push {r4-r11, lr}", *([f"vpush {saved}"] if saved else [])]
        tail = [*([f"vpop {saved}"] if saved else []), "pop {r4-r11, pc}"]
        return "\n".join([*head, self.code.text(), *tail])

    def store(self, register: str, *, base: str, filter_index: int, pixel: int) -> None:
        """Store one output; condition NE if its filter is missing in the last quad, when flags say EQ."""
        missing = 0 < self.filters % FILTERS <= filter_index
        verb = "strbne" if missing else "strb"
        self.code.op(f"{verb} {register}, [{base}, #{pixel * self.filters + filter_index}]")

    def stores(self, registers: Sequence[str], *, base: str, filter_index: int) -> None:
        """Store the outputs of one filter, by pixel."""
        if 0 < self.filters % FILTERS <= filter_index:
            self.code.op("i" + "t" * len(registers) + " ne")
        for pixel, register in enumerate(registers):
            self.store(register, base=base, filter_index=filter_index, pixel=pixel)

    def start(self) -> None:
        """Pointers to S registers; the weights to RAM."""
        code, size = self.code, 8 * self.steps
        code.keep("output", "r1")
        code.add("r4", "r2", -4)
        code.keep("inputs", "r4")
        if self.turns > 1:
            code.add("r4", "r4", size, temporary="r5")
            code.keep("inputs_end", "r4")
        words, weights = self.params["weight_words"], "r3"
        if self.ram_words:
            words, weights = self.ram_words, "r1"
            code.add("r12", "r2", size, temporary="r5")
            code.op("mov r1, r12")
            self.copy_weights()
        code.add("r4", weights, -4)
        code.keep("weights", "r4")
        code.add("r4", "r4", 4 * (words - self.constants), temporary="r5")
        code.keep("last_constants", "r4")
        code.add("r9", "r2", size + 4 * self.ram_words, temporary="r5")
        self.bands.start(source="r0", strip="r9")
        if self.bands.rest:
            code.add("r4", "r2", self.params["spill"], temporary="r5")
            code.keep("spill", "r4")

    def group(self) -> None:
        code = self.code
        self.bands.pointers(self.pointers())
        if self.bands.rest:
            self.divert()
        code.fetch("r10", "inputs")
        self.widen()
        code.fetch("r4", "weights")
        quad = code.here(aligned=True)
        self.start_sums()
        self.multiply()
        # EQ in the last quad: everything up to the branch keeps the flags.
        code.fetch("r0", "last_constants")
        code.op("cmp r4, r0")
        self.finish_sums()
        code.branch("bne", quad)
        code.fetch("r0", "output")
        code.add("r0", "r0", self.pixels * self.filters - FILTERS * self.quads, temporary="r1")
        code.keep("output", "r0")
        if self.bands.rest:
            self.take_back()

    def next_outputs(self, register: str) -> None:
        """Move the output pointer; flags are kept."""
        self.code.op(f"addw {register}, {register}, #{self.stride}")
        self.code.keep("output", register)

    def multiply(self) -> None:
        code = self.code
        turn = self.steps // self.turns
        again = code.here(aligned=True)
        for step in range(turn):
            chunk = step % _CHUNK
            low, high = 8 * chunk + 4, 8 * chunk + 8
            back = "!" if step == turn - 1 or chunk == _CHUNK - 1 else ""
            code.op(f"ldr r0, [r4, #{low}]", f"ldr r1, [r4, #{high}]{back}")
            code.op(f"ldr r2, [r5, #{low}]", f"ldr r3, [r5, #{high}]{back}")
            self.step()
        if self.turns > 1:
            register, end = self.loop_end
            code.fetch("r0", end)
            code.op(f"cmp {register}, r0")
            code.branch("bne", again)

    def divert(self) -> None:
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

    def take_back(self) -> None:
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
