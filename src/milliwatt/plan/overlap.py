# SPDX-License-Identifier: Apache-2.0
"""What a call's overlap permissions mean for the buffers behind its values."""

from __future__ import annotations

from collections.abc import Mapping

from milliwatt.lower.program import KernelCall, Program
from milliwatt.plan.alignment import WORD, align_up
from milliwatt.plan.liveness import buffers_read, buffers_written
from milliwatt.plan.parts import Extent

BufferPair = tuple[str, str]
"""(buffer read, buffer written)."""


def permissions(program: Program, call: KernelCall) -> dict[BufferPair, int]:
    """For each pair of buffers that may overlap at the call, the least ``address(read) - address(write)``.

    Two permissions for the same two values are alternatives, so the smaller distance counts. When several
    values of one buffer are read (a value and its view), every one needs a permission, and the largest
    distance counts, rounded up to words as all addresses are. A buffer that the call also writes is not
    excused: its new content is a result. Distances between values inside their buffers become distances between
    the buffers.
    """
    distances: dict[tuple[str, str], int] = {}
    for overlap in call.overlaps:
        if overlap.exact:
            continue
        pair = (overlap.read, overlap.write)
        distances[pair] = min(overlap.distance, distances.get(pair, overlap.distance))
    written = buffers_written(program, call)
    permitted: dict[BufferPair, int] = {}
    for read_buffer in buffers_read(program, call):
        for write_buffer in written:
            needed = [
                (read, write)
                for read in call.reads
                for write in call.writes
                if program.buffer_of[read] == read_buffer and program.buffer_of[write] == write_buffer
            ]
            if read_buffer not in written and all(pair in distances for pair in needed):
                between = max(distances[pair] + _shift(program, *pair) for pair in needed)
                permitted[read_buffer, write_buffer] = align_up(between, WORD)
    return permitted


def shareable_bytes(read_bytes: int, write_bytes: int, distance: int) -> int:
    """The most bytes that two buffers can share while ``address(read) - address(write) >= distance``.

    With ``delta = address(read) - address(write)`` they share ``min(delta + read_bytes, write_bytes) -
    max(delta, 0)`` bytes. That is all of the smaller one up to ``delta = max(0, write_bytes - read_bytes)``
    and ``write_bytes - delta`` above, so a negative distance costs nothing and a positive one only what
    it pushes the read buffer out of the top of the written one.
    """
    return max(0, min(read_bytes, write_bytes, write_bytes - distance))


def most_shared(
    permitted: Mapping[BufferPair, int], *, dying: Mapping[str, Extent], born: Mapping[str, Extent]
) -> int:
    """A bound from above on the bytes that dying and born parts of buffers share at one call.

    Dying parts are disjoint among themselves and so are those born, so a part shares no more than its own size in
    total. Both sums below are bounds, and the smaller is exact when one side is a single buffer.
    """
    shares = {
        (read, write): _shareable(dying[read], born[write], distance)
        for (read, write), distance in permitted.items()
        if read in dying and write in born
    }
    by_read = sum(min(dying[one].bytes, _total(shares, one, 0)) for one in {read for read, _ in shares})
    by_write = sum(min(born[one].bytes, _total(shares, one, 1)) for one in {write for _, write in shares})
    return min(by_read, by_write)


def _shareable(dying: Extent, born: Extent, distance: int) -> int:
    """The most bytes that the two share at a permitted distance of their buffers."""
    between = distance + dying.begin - born.begin
    most = shareable_bytes(dying.end - dying.begin, born.end - born.begin, between)
    return min(most, dying.bytes, born.bytes)


def _shift(program: Program, read: str, write: str) -> int:
    """What the places of two values in their buffers add to the distance between these."""
    return program.begin_of.get(write, 0) - program.begin_of.get(read, 0)


def _total(shares: Mapping[BufferPair, int], buffer: str, side: int) -> int:
    return sum(amount for pair, amount in shares.items() if pair[side] == buffer)
