# SPDX-License-Identifier: Apache-2.0
"""The kernels that take the least flash: each kernel's code once, however many calls share it, and all tables.

Starts with the best by rule. As long as that saves bytes, all places that use one kernel move to another one
that each of them has as a candidate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from milliwatt.fit.measured_cost import Cost
from milliwatt.lower.alternatives import Alternatives, Calls

SLOWDOWN = 1.7
"""How many times slower a kernel may be that takes less flash, summed over the places that it takes over."""


def smallest_code(alternatives: Alternatives, cost_of: Callable[[Calls], Cost]) -> tuple[int, ...]:
    """The choice of least flash that exchanging kernels one for one finds.

    Args:
        alternatives: lowered for calls that share kernels.
        cost_of: what a candidate costs alone; asked only where a place has more than one.
    """
    chosen = alternatives.best_by_rule
    improved = True
    while improved:
        improved = False
        for other in _exchanges(alternatives, chosen):
            before, after = _times(alternatives, chosen, other, cost_of)
            saved = _flash(alternatives, chosen, cost_of) - _flash(alternatives, other, cost_of)
            if after <= SLOWDOWN * before and saved > 0:
                chosen, improved = other, True
                break
    return chosen


def _kernels(calls: Calls) -> tuple[str, ...]:
    return tuple(call.kernel for call in calls)


def _exchanges(alternatives: Alternatives, chosen: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Choices in which all places of one kernel take another that they have in common."""
    names = [[_kernels(calls) for calls in place.candidates] for place in alternatives.places]
    used = [own[index] for own, index in zip(names, chosen, strict=True)]
    for kernels in dict.fromkeys(used):
        moving = [place for place, name in enumerate(used) if name == kernels]
        for other in dict.fromkeys(names[moving[0]]):
            if other != kernels and all(other in names[place] for place in moving):
                yield tuple(
                    names[place].index(other) if used[place] == kernels else index
                    for place, index in enumerate(chosen)
                )


def _choices(alternatives: Alternatives, chosen: Sequence[int]) -> Iterator[Calls]:
    """The candidates taken where there are several to take."""
    for place, index in zip(alternatives.places, chosen, strict=True):
        if len(place.candidates) > 1:
            yield place.candidates[index]


def _flash(alternatives: Alternatives, chosen: Sequence[int], cost_of: Callable[[Calls], Cost]) -> int:
    code: dict[tuple[str, ...], int] = {}
    tables = 0
    for calls in _choices(alternatives, chosen):
        cost = cost_of(calls)
        code[_kernels(calls)] = max(cost.code_bytes, code.get(_kernels(calls), 0))
        tables += cost.constant_bytes
    return sum(code.values()) + tables


def _times(
    alternatives: Alternatives, old: Sequence[int], new: Sequence[int], cost_of: Callable[[Calls], Cost]
) -> tuple[float, float]:
    """Time before and after, at the places where two choices differ."""
    pairs = [
        (cost_of(place.candidates[before]).time, cost_of(place.candidates[after]).time)
        for place, before, after in zip(alternatives.places, old, new, strict=True)
        if before != after
    ]
    return sum(before for before, _ in pairs), sum(after for _, after in pairs)
