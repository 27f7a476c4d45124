# SPDX-License-Identifier: Apache-2.0
"""Gives back code that buys little time: small layers share a kernel instead of having an instance each.

A kernel made for one shape costs its bytes again for every shape; a shared one costs them once. The walk
starts from the fastest choice and, as long as bytes are cheap in cycles, gives up one instance: all its places move
to another one that they have in common, or each to the fastest that others use anyway.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
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
    slack: float = math.inf,
) -> tuple[int, ...]:
    """A choice with less code that takes little more time.

    Args:
        alternatives: what there is to choose.
        chosen: where to start.
        quick: what a candidate costs alone, its time a lower bound; asked where a place has more than one.
        exact: the same with the board's time; asked only of exchanges that look good by the bound.
        fits: whether a choice stays inside the RAM that there is.
        slack: time that the model may take more at most, besides `LIMIT`.
    """
    current = tuple(chosen)
    total = sum(quick(calls).time for calls in _calls(alternatives, current))
    spent, allowed = 0.0, min((LIMIT - 1) * total, slack)
    while True:
        best: _Move | None = None
        for move in sorted(_moves(alternatives, current, quick), key=lambda move: move.rate):
            if move.rate * 1000 > PRICE * total:
                break
            added = _added(alternatives, current, move.chosen, exact)
            known = _Move(move.chosen, move.saved, added)
            affordable = known.rate * 1000 <= PRICE * total and spent + added <= allowed
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
    """Exchanges that save code: all places of one instance leave it."""
    before = _code(alternatives, chosen, cost_of)
    places = alternatives.places
    used = [_instance(place.candidates[index]) for place, index in zip(places, chosen, strict=True)]
    for instance in dict.fromkeys(used):
        moving = [number for number, own in enumerate(used) if own == instance]
        others = set(used) - {instance}
        for after in _ways_out(alternatives, chosen, moving, others=others, cost_of=cost_of):
            saved = before - _code(alternatives, after, cost_of)
            if saved > 0:
                yield _Move(after, saved, _added(alternatives, chosen, after, cost_of))


def _ways_out(
    alternatives: Alternatives,
    chosen: tuple[int, ...],
    moving: Sequence[int],
    *,
    others: set[Instance],
    cost_of: Callable[[Calls], Cost],
) -> Iterator[tuple[int, ...]]:
    """Where the places of one instance can go together: to the first candidate of other kernels, to the fastest of
    another instance, and to the fastest of all instances that other places use, whose code costs nothing more."""
    places = alternatives.places
    names = {number: [_kernels(calls) for calls in places[number].candidates] for number in moving}
    for kernels in dict.fromkeys(names[moving[0]]):
        if all(kernels in own for own in names.values()):
            yield _replaced(chosen, {number: own.index(kernels) for number, own in names.items()})
    instances = {number: [_instance(calls) for calls in places[number].candidates] for number in moving}
    targets: list[set[Instance]] = [{instance} for instance in dict.fromkeys(instances[moving[0]])]
    for target in [*targets, others]:
        new = {
            number: _fastest(places[number].candidates, own, target, chosen[number], cost_of)
            for number, own in instances.items()
        }
        found = {number: index for number, index in new.items() if index is not None}
        if len(found) == len(new):
            yield _replaced(chosen, found)


def _fastest(
    candidates: Sequence[Calls],
    instances: Sequence[Instance],
    target: set[Instance],
    current: int,
    cost_of: Callable[[Calls], Cost],
) -> int | None:
    """The fastest candidate of some instances, of those with no more scratch than now if there is one."""
    able = [index for index, instance in enumerate(instances) if instance in target]
    room = _scratch(candidates[current])
    small = [index for index in able if _scratch(candidates[index]) <= room]
    return min(small or able, key=lambda index: cost_of(candidates[index]).time, default=None)


def _scratch(calls: Calls) -> int:
    return max((sum(argument.bytes for argument in call.scratch) for call in calls), default=0)


def _replaced(chosen: tuple[int, ...], new: Mapping[int, int]) -> tuple[int, ...]:
    return tuple(new.get(number, index) for number, index in enumerate(chosen))
