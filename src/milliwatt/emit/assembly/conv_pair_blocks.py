# SPDX-License-Identifier: Apache-2.0
"""Convolution by blocks of pairs: four filters are copied to RAM, and multiplied with all pairs of a block."""

from __future__ import annotations

from milliwatt.emit.assembly.conv_gemm import FILTERS
from milliwatt.emit.assembly.conv_pairs import Pairs
from milliwatt.emit.assembly.counted_copy import copy_words


class PairBlocks(Pairs):
    """Some pairs of pixels at a time."""

    def start(self) -> None:
        """Pointers to S registers. The table is at lr."""
        code = self.code
        code.load_geometry("lr")
        code.op("mov r7, lr")
        code.keep("output", "r1")
        code.keep("group output", "r1")
        self.keep_entry()
        code.op("subs r4, r2, #4")
        code.keep("widened", "r4")
        code.read("r6", "input_bytes", geometry="r7")
        code.op("add r4, r6")
        code.keep("weights", "r4")
        code.read("r6", "ram_words", geometry="r7")
        code.op("add r9, r4, r6, lsl #2")
        code.read("r5", "constants", geometry="r7")
        code.op("sub r5, r9, r5, lsl #2")
        code.keep("last constants", "r5")
        code.op("add r9, #4")
        code.keep("table", "r3")
        code.read("r6", "weight_words", geometry="r7")
        code.op("add r3, r3, r6, lsl #2")
        code.keep("table end", "r3")
        self.bands.start(source="r0", strip="r9", geometry="r7")

    def group(self) -> None:
        code = self.code
        self._widen_block()
        code.fetch("r3", "table")
        code.fetch("r0", "group output")
        quad, done = code.here(), code.label()
        code.keep("quad output", "r0")
        code.keep("output", "r0")
        code.fetch("r12", "weights")
        code.fetch("lr", "geometry")
        code.op("add r12, #4")
        code.read("lr", "ram_words", geometry="lr")
        copy_words(code, source="r3", target="r12", count="lr")
        code.keep("next", "r3")
        code.fetch("r5", "widened")
        self._pairs()
        code.fetch("r3", "next")
        code.fetch("r0", "table end")
        code.op("cmp r3, r0")
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

    def _pairs(self) -> None:
        """Four filters for all pairs of the block."""
        code = self.code
        pair, last, stored = code.here(), code.label(), code.label()
        code.fetch("r4", "weights")
        self.start_sums()
        code.fetch("r0", "skipped")
        code.op("subs r4, r0", "subs r5, r0")
        self.enter()
        self.multiply()
        words = self.finish_sums()
        code.fetch("r0", "output")
        self.fetch_offsets()
        code.fetch("r1", "out_c")
        code.op("add r1, r2")
        code.branch("beq", last)
        self.store(words)
        code.place(stored)
        code.fetch("r0", "output")
        code.op("add r0, r1")
        code.keep("output", "r0")
        code.fetch("r0", "filled")
        code.op("cmp r5, r0")
        code.branch("bne", pair)
        done = code.label()
        code.branch("b", done)
        code.place(last)
        self.store_last(words, stored)
        code.branch("b", stored)
        code.place(done)

    def compare_last(self) -> None:
        self.code.fetch("r0", "next")
        self.code.fetch("r1", "table end")
        self.code.op("cmp r0, r1")

    def loop_end(self, again: int) -> None:
        self.code.fetch("r0", "last constants")
        self.code.op("cmp r4, r0")
        self.code.branch("bne", again)

    def _widen_block(self) -> None:
        """Pairs until the block is full or less than two pixels are left; a last single pixel is a block."""
        code = self.code
        code.fetch("r10", "widened")
        code.keep("filled", "r10")
        pair, full = code.here(), code.label()
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
        code.op("add r0, r1", "cmp r0, #2")
        code.branch("bge", pair)
        code.place(full)
