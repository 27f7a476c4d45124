# SPDX-License-Identifier: Apache-2.0
"""Gives back code that buys little time: small layers share a kernel instead of having an instance each.

A kernel made for one shape costs its bytes again for every shape; a shared one costs them once. The walk
starts from the fastest choice and, as long as bytes are cheap in cycles, moves all places of one instance to
the candidate that they take next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from milliwatt.fit.measured_cost import Cost
from milliwatt.lower.alternatives import Alternatives, Calls

Instance = tuple[object, ...]

PRICE = 0.02
"""A kilobyte of code is given back when that takes no more than this share of the model's time."""

LIMIT = 1.12
"""The model takes at most so many times its time in all."""


@dataclass(frozen=True)
class _Move:
    """An exchange: the choice that it leads to, the bytes that it saves and the time that it adds."""

    chosen: tuple[int, ...]
    saved: int
    added: float

    @property
    def rate(self) -> float:
        """Time for each byte."""
        return self.added / self.saved


def give_back_code(
    alternatives: Alternatives,
    chosen: Sequence[int],
    *,
    quick: Callable[[Calls], Cost],
    exact: Callable[[Calls], Cost],
    fits: Callable[[Sequence[int]], bool],
) -> tuple[int, ...]:
    """A choice with less code that takes little more time.

    Args:
        alternatives: what there is to choose.
        chosen: where to start.
        quick: what a candidate costs alone, its time a lower bound; asked where a place has more than one.
        exact: the same with the board's time; asked only of exchanges that look good by the bound.
        fits: whether a choice stays inside the RAM that there is.
    """
    current = tuple(chosen)
    total = sum(quick(calls).time for calls in _calls(alternatives, current))
    spent = 0.0
    while True:
        best: _Move | None = None
        for move in sorted(_moves(alternatives, current, quick), key=lambda move: move.rate):
            if move.rate * 1000 > PRICE * total:
                break
            added = _added(alternatives, current, move.chosen, exact)
            known = _Move(move.chosen, move.saved, added)
            affordable = known.rate * 1000 <= PRICE * total and spent + added <= (LIMIT - 1) * total
            if affordable and (best is None or known.rate < best.rate) and fits(move.chosen):
                best = known
        if best is None:
            return current
        current, spent = best.chosen, spent + max(best.added, 0.0)


def _instance(calls: Calls) -> Instance:
    """What calls share their code by: kernels and compile-time parameters."""
    return tuple((call.kernel, *sorted(call.params.items())) for call in calls)


def _calls(alternatives: Alternatives, chosen: Sequence[int]) -> Iterator[Calls]:
    for place, index in zip(alternatives.places, chosen, strict=True):
        if len(place.candidates) > 1:
            yield place.candidates[index]


def _code(alternatives: Alternatives, chosen: Sequence[int], cost_of: Callable[[Calls], Cost]) -> int:
    """Bytes of code, every instance once."""
    sizes: dict[Instance, int] = {}
    for calls in _calls(alternatives, chosen):
        sizes[_instance(calls)] = cost_of(calls).code_bytes
    return sum(sizes.values())


def _kernels(calls: Calls) -> tuple[str, ...]:
    return tuple(call.kernel for call in calls)


def _added(
    alternatives: Alternatives, old: Sequence[int], new: Sequence[int], cost_of: Callable[[Calls], Cost]
) -> float:
    """Time that the new choice takes more, at the places where the two differ."""
    return sum(
        cost_of(place.candidates[after]).time - cost_of(place.candidates[before]).time
        for place, before, after in zip(alternatives.places, old, new, strict=True)
        if before != after
    )


def _moves(
    alternatives: Alternatives, chosen: tuple[int, ...], cost_of: Callable[[Calls], Cost]
) -> Iterator[_Move]:
    """Exchanges that save code: all places of one instance take the first candidate of other kernels."""
    before = _code(alternatives, chosen, cost_of)
    places = alternatives.places
    used = [_instance(place.candidates[index]) for place, index in zip(places, chosen, strict=True)]
    names = [[_kernels(calls) for calls in place.candidates] for place in places]
    for instance in dict.fromkeys(used):
        moving = [number for number, own in enumerate(used) if own == instance]
        for kernels in dict.fromkeys(names[moving[0]]):
            if not all(kernels in names[number] for number in moving):
                continue
            after = tuple(
                names[number].index(kernels) if used[number] == instance else index
                for number, index in enumerate(chosen)
            )
            saved = before - _code(alternatives, after, cost_of)
            if saved > 0:
                yield _Move(after, saved, _added(alternatives, chosen, after, cost_of))
