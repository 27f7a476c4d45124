# SPDX-License-Identifier: Apache-2.0
"""All ways to carry out a graph: for every node its candidates, and the program that a choice of them makes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from milliwatt.errors import UnsupportedError
from milliwatt.lower.fingerprint import fingerprint
from milliwatt.lower.program import KernelCall, Program
from milliwatt.lower.registry import candidates_for
from milliwatt.lower.site import Site

Calls = tuple[KernelCall, ...]


@dataclass(frozen=True)
class Place:
    """One place of the order of execution.

    Attributes:
        site: the node; None for a copy that lowering itself puts in, which has one candidate.
        candidates: the ways to carry it out, best by rule first; at least one.
        repeats: the place whose candidates these are, on other values; None where the node is the first of its kind.
    """

    site: Site | None
    candidates: tuple[Calls, ...]
    repeats: int | None = None


@dataclass(frozen=True)
class Alternatives:
    """A lowered graph before the choice.

    Attributes:
        empty: the program without its calls.
        places: in execution order.
    """

    empty: Program
    places: tuple[Place, ...]

    @property
    def best_by_rule(self) -> tuple[int, ...]:
        """The choice without any measurement."""
        return (0,) * len(self.places)

    def program(self, chosen: Sequence[int]) -> Program:
        """The program that takes candidate ``chosen[i]`` at place i."""
        pairs = zip(self.places, chosen, strict=True)
        return replace(
            self.empty, calls=tuple(call for place, index in pairs for call in place.candidates[index])
        )


def place_of(site: Site, *, goals: Sequence[str], most: int | None) -> Place:
    """The place of a node.

    Args:
        site: the node.
        goals: what rules are told to optimise for, one after the other; what they repeat is dropped.
        most: candidates at most; None for all.

    Raises:
        UnsupportedError: no kernel serves the node.
    """
    candidates = tuple(islice(_distinct(site, goals), most))
    if not candidates:
        types = ", ".join("none" if kind is None else str(kind) for kind in site.signature.inputs)
        raise UnsupportedError(
            f"no kernel carries out {site.node.op} on ({types}) -> {site.signature.outputs[0]}",
            where=site.node.source,
            hint="`milliwatt ops` lists the element types that have kernels",
        )
    return Place(site, candidates)


def _distinct(site: Site, goals: Sequence[str]) -> Iterator[Calls]:
    if len(goals) == 1:
        yield from candidates_for(replace(site, optimize=goals[0]))
        return
    seen: set[str] = set()
    for goal in goals:
        for calls in candidates_for(replace(site, optimize=goal)):
            mark = fingerprint(calls)
            if mark not in seen:
                seen.add(mark)
                yield calls
