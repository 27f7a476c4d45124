# SPDX-License-Identifier: Apache-2.0
"""Distances between input and output are the least at which a walk over the windows finds its input intact."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from milliwatt.lower.window_distance import row_distance, window_distance
from milliwatt.ops.window import Axis, axis


def random_axis(random: np.random.Generator) -> Axis:
    """A small axis of any kind, windows beyond the data included."""
    padding = str(random.choice(["SAME", "VALID"]))
    window, dilation = int(random.integers(1, 5)), int(random.integers(1, 3))
    size = int(random.integers(1, 9)) + (window * dilation if padding == "VALID" else 0)
    return axis(size, window, stride=int(random.integers(1, 4)), dilation=dilation, padding=padding)


def covered(one: Axis, output: int) -> range:
    """All elements between the window's first and last tap that lie inside."""
    begin = output * one.stride - one.before
    end = begin + (one.window - 1) * one.dilation + 1
    # A window outside of the data still has an address: its nearest element.
    begin, end = min(max(begin, 0), one.input - 1), min(max(end, 1), one.input)
    return range(begin, max(end, begin + 1))


Step = tuple[set[int], set[int]]
"""Bytes of the input that are read, and bytes of the output that are written."""


def pixel_steps(rows: Axis, columns: Axis, batches: int, in_bytes: int, out_bytes: int) -> Iterator[Step]:
    """One step per output pixel, in row-major order."""
    position = 0
    for batch in range(batches):
        for i in range(rows.output):
            for j in range(columns.output):
                read = {
                    ((batch * rows.input + y) * columns.input + x) * in_bytes + byte
                    for y in covered(rows, i)
                    for x in covered(columns, j)
                    for byte in range(in_bytes)
                }
                yield read, set(range(position, position + out_bytes))
                position += out_bytes


def joined(steps: Iterator[Step], count: int) -> Iterator[Step]:
    """Steps of ``count`` steps each."""
    collected = list(steps)
    for first in range(0, len(collected), count):
        group = collected[first : first + count]
        yield set().union(*(read for read, _ in group)), set().union(*(written for _, written in group))


def intact(steps: list[Step], distance: int, *, reads_first: bool) -> bool:
    """Whether no byte is read after it was written, with the input ``distance`` bytes above the output."""
    destroyed: set[int] = set()
    for read, written in steps:
        # A kernel that does not read first may do its writes before its reads.
        if not reads_first:
            destroyed |= written
        if any(byte + distance in destroyed for byte in read):
            return False
        destroyed |= written
    return True


@pytest.mark.parametrize("pixels", [0, 1, 2, 3])
def test_pixels(pixels: int) -> None:
    random = np.random.default_rng(pixels)
    for _ in range(60):
        rows, columns = random_axis(random), random_axis(random)
        batches, in_bytes, out_bytes = (int(random.integers(1, 4)) for _ in range(3))
        found = window_distance(
            rows, columns, batches=batches, in_bytes=in_bytes, out_bytes=out_bytes, pixels=pixels
        )
        steps = list(joined(pixel_steps(rows, columns, batches, in_bytes, out_bytes), max(1, pixels)))
        for farther in (0, 1, 5):
            assert intact(steps, found + farther, reads_first=pixels > 0)


@pytest.mark.parametrize("ahead", [1, 2])
def test_pixels_written_ahead(ahead: int) -> None:
    """A tile of pixels, which may begin at any of them, is written while its first window is still read."""
    random = np.random.default_rng(ahead)
    for _ in range(60):
        rows, columns = random_axis(random), random_axis(random)
        batches, in_bytes, out_bytes = (int(random.integers(1, 4)) for _ in range(3))
        found = window_distance(
            rows, columns, batches=batches, in_bytes=in_bytes, out_bytes=out_bytes, ahead=ahead
        )
        single = list(pixel_steps(rows, columns, batches, in_bytes, out_bytes))
        steps = [
            (read, set().union(*(written for _, written in single[index : index + ahead + 1])))
            for index, (read, _) in enumerate(single)
        ]
        for farther in (0, 1, 5):
            assert intact(steps, found + farther, reads_first=False)


@pytest.mark.parametrize("together", [1, 2])
def test_rows(together: int) -> None:
    random = np.random.default_rng(together)
    for _ in range(60):
        rows, columns = random_axis(random), random_axis(random)
        batches, in_bytes, out_bytes = (int(random.integers(1, 4)) for _ in range(3))
        found = row_distance(
            rows, columns, batches=batches, in_bytes=in_bytes, out_bytes=out_bytes, together=together
        )
        steps: list[Step] = []
        image = list(joined(pixel_steps(rows, columns, batches, in_bytes, out_bytes), columns.output))
        for batch in range(batches):
            part = image[batch * rows.output : (batch + 1) * rows.output]
            steps += joined(iter(part), together)
        for farther in (0, 1, 5):
            assert intact(steps, found + farther, reads_first=False)


def test_the_distance_is_the_least_where_windows_cover_the_data() -> None:
    """Stride 1 and no padding: every input of the windows between the first and the last is read."""
    rows = axis(6, 3, stride=1, padding="VALID")
    for pixels in (0, 1, 2):
        found = window_distance(rows, rows, batches=1, in_bytes=2, out_bytes=4, pixels=pixels)
        steps = list(joined(pixel_steps(rows, rows, 1, 2, 4), max(1, pixels)))
        assert intact(steps, found, reads_first=pixels > 0)
        assert not intact(steps, found - 1, reads_first=pixels > 0)


def test_pointwise_is_in_place() -> None:
    one = axis(8, 1, stride=1, padding="SAME")
    assert window_distance(one, one, batches=1, in_bytes=4, out_bytes=4, pixels=2) <= 0
    # More channels out than in: the output may end where the input ends.
    assert window_distance(one, one, batches=1, in_bytes=2, out_bytes=4, pixels=2) == 62 * 4 - 62 * 2
