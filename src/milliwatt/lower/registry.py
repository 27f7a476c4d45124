# SPDX-License-Identifier: Apache-2.0
"""Finds the lowering rules of this package by walking its files.

A module is a rule when it has ``OPERATORS`` (names of operators) and ``candidates(site)``. A module with
``matches(site)`` instead serves every operator for which that holds (tables, moves), behind the named rules.
``RANK`` (0 where a module has none) orders the rules: kernels for special cores or shapes have a negative one.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import milliwatt.lower as package
from milliwatt.lower.program import KernelCall
from milliwatt.lower.site import Candidates, Site


@dataclass(frozen=True)
class Rule:
    """One lowering rule and where it applies. Rules of a lower rank come first."""

    name: str
    rank: int
    operators: tuple[str, ...]
    matches: Callable[[Site], bool] | None
    candidates: Candidates


@functools.cache
def rules() -> tuple[Rule, ...]:
    """All rules; those that name their operators come first."""
    found: list[Rule] = []
    for module_info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{module_info.name}")
        candidates = getattr(module, "candidates", None)
        if candidates is not None:
            operators = tuple(getattr(module, "OPERATORS", ()))
            rank = getattr(module, "RANK", 0)
            found.append(
                Rule(module_info.name, rank, operators, getattr(module, "matches", None), candidates)
            )
    return tuple(sorted(found, key=lambda rule: (not rule.operators, rule.rank, rule.name)))


def candidates_for(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """All ways to carry out a node, best first."""
    for rule in rules():
        named = site.node.op in rule.operators
        if (named and (rule.matches is None or rule.matches(site))) or (
            not rule.operators and rule.matches is not None and rule.matches(site)
        ):
            yield from rule.candidates(site)
