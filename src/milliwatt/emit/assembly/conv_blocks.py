# SPDX-License-Identifier: Apache-2.0
"""Convolution by blocks: four filters are brought to RAM, and multiplied with all groups of pixels of a block."""

from __future__ import annotations

from collections.abc import Sequence

from milliwatt.emit.assembly.conv_gemm import FILTERS, ConvGemm


class Blocks(ConvGemm):
    """Some groups of pixels at a time; put before the class that knows how to multiply."""

    def start(self) -> None:
        """Pointers to S registers. The table is at lr."""
        code = self.code
        code.load_geometry("lr")
        code.op("mov r7, lr")
        code.keep("output", "r1")
        code.keep("group output", "r1")
        self.keep_entry()
        code.op("subs r4, r2, #4")
        code.read("r6", "input_bytes", geometry="r7")
        code.op("add r4, r6")
        code.keep("weights", "r4")
        code.read("r6", "ram_words", geometry="r7")
        code.op("add r9, r4, r6, lsl #2")
        code.read("r5", "constants", geometry="r7")
        code.op("sub r5, r9, r5, lsl #2")
        code.keep("last constants", "r5")
        code.op("add r9, #4")
        code.read("r6", "weight_words", geometry="r7")
        code.op("add r3, r3, r6, lsl #2")
        code.keep("table end", "r3")
        self.bands.start(source="r0", strip="r9", geometry="r7")

    def group(self) -> None:
        code = self.code
        self._widen_block()
        self._keep_advance()
        code.fetch("r3", "table end")
        code.fetch("lr", "geometry")
        code.read("r0", "weight_words", geometry="lr")
        code.op("sub r3, r3, r0, lsl #2")
        code.fetch("r0", "group output")
        quad, done = code.here(), code.label()
        code.keep("quad output", "r0")
        code.keep("output", "r0")
        code.fetch("r12", "weights")
        code.op("add r12, #4")
        self.copy_quad()
        code.fetch("r5", "table end")
        code.op("subs r5, r5, r3")
        code.keep("left", "r5")
        self._fetch_widened("r5", temporary="r0")
        self._groups()
        code.fetch("r3", "table end")
        code.fetch("r0", "left")
        code.op("subs r3, r3, r0")
        code.op("cmp r0, #0")
        code.branch("beq", done)
        code.fetch("r0", "quad output")
        code.op(f"adds r0, #{FILTERS}")
        code.branch("b", quad)
        code.place(done)
        code.fetch("r0", "output")
        code.fetch("r1", "quad output")
        code.fetch("r2", "group output")
        code.op("subs r0, r1", "adds r0, r2")
        code.keep("group output", "r0")

    def _groups(self) -> None:
        """Four filters for all groups of pixels of the block."""
        code, base, spare = self.code, self.base, self.spare
        group, last, stored = code.here(), code.label(), code.label()
        code.fetch("r4", "weights")
        self.start_sums()
        code.fetch("r0", "skipped")
        code.op("subs r4, r0", "subs r5, r0")
        self.enter()
        self.multiply()
        words = self.finish_sums()
        code.fetch(base, "output")
        self.fetch_offsets()
        code.fetch(spare, "advance")
        code.branch("beq.w", last)
        self.store(words)
        code.place(stored)
        code.op(f"add {base}, {spare}")
        code.keep("output", base)
        code.fetch(base, "filled")
        code.op(f"cmp r5, {base}")
        code.branch("bne", group)
        code.later(lambda: self._store_last(words, start=last, done=stored))

    def _store_last(self, words: Sequence[str], *, start: int, done: int) -> None:
        self.code.place(start)
        self.store_last(words, done)
        self.code.branch("b.w", done)

    def _keep_advance(self) -> None:
        """From the output of a group of pixels to that of the next one. Uses r0 and r1."""
        code = self.code
        code.fetch("r0", "out_c")
        code.fetch("r1", f"to pixel {self.pixels - 1}")
        code.op("add r0, r1")
        code.keep("advance", "r0")

    def _fetch_widened(self, target: str, *, temporary: str) -> None:
        """The word before the inputs of the block: they end where the weights begin."""
        code = self.code
        code.fetch(temporary, "geometry")
        code.read(temporary, "input_bytes", geometry=temporary)
        code.fetch(target, "weights")
        code.op(f"sub {target}, {temporary}")

    def compare_last(self) -> None:
        self.code.fetch("r0", "left")
        self.code.op("cmp r0, #0")

    def loop_end(self, again: int) -> None:
        self.code.fetch("r0", "last constants")
        self.code.op("cmp r4, r0")
        self.code.branch("bne", again)

    def _widen_block(self) -> None:
        """Groups of pixels until the block is full or less than a whole one is left; what is left is a block."""
        code = self.code
        self._fetch_widened("r10", temporary="r0")
        code.keep("filled", "r10")
        group, full = code.here(), code.label()
        self.bands.pointers(self.widening().pointers)
        code.fetch("r10", "filled")
        self.widen()
        code.fetch("r0", "filled")
        code.fetch("r1", "geometry")
        code.read("r1", "pair_bytes", geometry="r1")
        code.op("add r0, r1")
        code.keep("filled", "r0")
        code.fetch("r1", "weights")
        code.op("cmp r0, r1")
        code.branch("beq", full)
        code.fetch("r0", "behind")
        code.fetch("r1", "column")
        code.op("add r0, r1", f"cmp r0, #{self.pixels}")
        code.branch("bge", group)
        code.place(full)
