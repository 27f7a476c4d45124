# SPDX-License-Identifier: Apache-2.0
"""Transforms the filters of a pass from int8 taps, two channels in a word."""

from __future__ import annotations

from milliwatt.emit.assembly.scoped_listing import ScopedListing
from milliwatt.emit.assembly.winograd_shape import WinogradShape

_LARGEST_OFFSET = 4095


def transform_filters(code: ScopedListing, shape: WinogradShape) -> None:
    """From "weights", which moves on, to "work"."""
    code.fetch("r0", "weights")
    code.fetch("r1", "work")
    one = code.here()
    code.fetch("r2", "filter_taps")
    code.op("adds r2, r2, r0")
    code.keep("end", "r2")
    turn = code.here()
    code.add("r2", "r0", shape.turn_taps)
    code.keep("turn end", "r2")
    channels = code.here(aligned=True)
    _two_channels(code, shape, "")
    code.op(f"adds r1, #{4 * shape.filters}")
    _two_channels(code, shape, ", ror #8")
    code.op(f"adds r1, #{4 * shape.filters}", "adds r0, #36")
    code.fetch("r2", "turn end")
    code.op("cmp r0, r2")
    code.branch("bne", channels)
    code.add("r1", "r1", shape.filter_turn - shape.filter_block, temporary="r2")
    code.fetch("r2", "end")
    code.op("cmp r0, r2")
    code.branch("bne", turn)
    # Behind all turns; the next filter's words lie one further than this one's.
    code.fetch("r2", "filter_bytes")
    code.op("subs r1, r1, r2", "adds r1, #4")
    code.fetch("r2", "work")
    code.op(f"adds r2, #{4 * shape.filters}", "cmp r1, r2")
    code.branch("bne", one)
    code.keep("weights", "r0")
    code.forget("end", "turn end")


def _two_channels(code: ScopedListing, shape: WinogradShape, rotation: str) -> None:
    """Bytes 0 and 2 of the nine words at r0, or with a rotation bytes 1 and 3, to all frequencies at r1."""
    lines = _Lines(code, shape)
    code.op("ldr r2, [r0]", "ldr r3, [r0, #4]", "ldr r4, [r0, #8]")
    code.op("ldr r5, [r0, #24]", "ldr r6, [r0, #28]", "ldr r7, [r0, #32]")
    code.op(*(f"sxtb16 r{number}, r{number}{rotation}" for number in range(2, 8)))
    lines.write(0, ("r2", "r3", "r4"))
    lines.write(3, ("r5", "r6", "r7"))
    code.op("sadd16 r2, r2, r5", "sadd16 r3, r3, r6", "sadd16 r4, r4, r7")
    code.op("ldr r5, [r0, #12]", "ldr r6, [r0, #16]", "ldr r7, [r0, #20]")
    code.op(*(f"sxtb16 r{number}, r{number}{rotation}" for number in range(5, 8)))
    code.op("sadd16 r11, r2, r5", "sadd16 r12, r3, r6", "sadd16 lr, r4, r7")
    code.op("ssub16 r2, r2, r5", "ssub16 r3, r3, r6", "ssub16 r4, r4, r7")
    lines.write(1, ("r11", "r12", "lr"))
    lines.write(2, ("r2", "r3", "r4"))
    lines.close()


class _Lines:
    """Writes lines of six frequencies at r1, which it moves where immediate offsets do not reach."""

    def __init__(self, code: ScopedListing, shape: WinogradShape) -> None:
        self._code = code
        self._block = shape.filter_block
        self._near = 23 * self._block <= _LARGEST_OFFSET
        self._moved = 0

    def write(self, line: int, taps: tuple[str, str, str]) -> None:
        """Three taps of a row to six frequencies. Uses r8 to r10."""
        code, (left, middle, right) = self._code, taps
        first = 0 if self._near else 6 * line
        self._move(first)
        offsets = [(6 * line + frequency - first) * self._block for frequency in range(6)]
        code.op(f"str {left}, [r1, #{offsets[0]}]", f"str {right}, [r1, #{offsets[5]}]")
        code.op(f"sadd16 r8, {left}, {right}", f"sadd16 r9, r8, {middle}", f"ssub16 r8, r8, {middle}")
        code.op(f"str r9, [r1, #{offsets[1]}]", f"str r8, [r1, #{offsets[2]}]")
        code.op(f"sadd16 r9, {right}, {right}", "sadd16 r9, r9, r9", f"sadd16 r9, r9, {left}")
        code.op(f"sadd16 r10, {middle}, {middle}", "sadd16 r8, r9, r10", "ssub16 r9, r9, r10")
        code.op(f"str r8, [r1, #{offsets[3]}]", f"str r9, [r1, #{offsets[4]}]")

    def close(self) -> None:
        """Move r1 back."""
        self._move(0)

    def _move(self, blocks: int) -> None:
        if blocks != self._moved:
            self._code.add("r1", "r1", (blocks - self._moved) * self._block, temporary="r8")
            self._moved = blocks
