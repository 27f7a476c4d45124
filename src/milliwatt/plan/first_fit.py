# SPDX-License-Identifier: Apache-2.0
"""Places boxes one after another, each at the lowest offset that is free of those placed before it.

For every optimal placement without negative gaps there is an order for which this finds one as good: that of
its offsets. So searching placements is searching orders.
"""

from __future__ import annotations

from collections.abc import Sequence

from milliwatt.plan.alignment import align_up
from milliwatt.plan.problem import Problem


def first_fit(problem: Problem, order: Sequence[int]) -> list[int]:
    """Offsets of all boxes when the movable ones are placed in ``order``, a permutation of them."""
    gaps, boxes = problem.gaps, problem.boxes
    offsets: list[int] = [-1] * len(boxes)
    offsets[: len(problem.pinned)] = problem.pinned
    for index in order:
        # Offsets strictly between the two ends are taken: neither far enough above j nor far enough below.
        taken = sorted(
            (offsets[j] - gaps[j][index], offsets[j] + gap)
            for j, gap in gaps[index].items()
            if offsets[j] >= 0
        )
        spot, alignment = 0, boxes[index].alignment
        for below, above in taken:
            if below >= spot:
                break
            if above > spot:
                spot = align_up(above, alignment)
        offsets[index] = spot
    return offsets
