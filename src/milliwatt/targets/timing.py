# SPDX-License-Identifier: Apache-2.0
"""The vocabulary in which a core's timing is written: decoded instructions, and named rules that price them.

A timing model prices an instruction where it stands (`Site`): what came before in sequence, how control
got here, whether a branch is taken. The first base rule that applies gives the cost, and every extra rule
that applies adds to it. What depends on data addresses cannot be seen in the code: it is counted while
the program runs, and `Counted` prices the counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "alu", "multiply", "divide", "branch", "table_branch", "load", "store", "load_pair", "store_pair",
    "load_multiple", "store_multiple", "if_then", "fp", "fp_load", "fp_store", "fp_load_multiple",
    "fp_store_multiple",
]  # fmt: skip


@dataclass(frozen=True)
class Instruction:
    """One decoded instruction, reduced to what timing rules ask.

    Attributes:
        address, bytes: where it lies and how long it is.
        mnemonic: the name without condition and width suffix, lower case.
        kind: its group.
        writes: registers that it writes, a base that is written back excepted.
        address_registers: registers that form the address of its data.
        offset_register: whether the address has a register as its offset.
        written_back: the base register that it updates; empty when there is none.
        words: 32-bit words that it moves from or to memory, or between register files.
        to_pc: whether it writes the program counter.
        conditional: whether it may be skipped: a conditional branch, or an instruction in an IT block.
    """

    address: int
    bytes: int
    mnemonic: str
    kind: Kind
    writes: frozenset[str] = frozenset()
    address_registers: frozenset[str] = frozenset()
    offset_register: bool = False
    written_back: str = ""
    words: int = 0
    to_pc: bool = False
    conditional: bool = False

    @property
    def wide_unaligned(self) -> bool:
        """Whether it is 32 bits long and starts in the middle of a word."""
        return self.bytes == 4 and self.address % 4 == 2


@dataclass(frozen=True)
class Site:
    """An instruction where it is executed.

    Attributes:
        instruction: what is executed.
        previous: the instruction before it, when it was reached in sequence; None behind a taken branch.
        taken: whether it leaves the sequence (only of branches and writes to the program counter).
        wide_run: its number, from 1, in an unbroken run of unaligned 32-bit instructions; 0 outside of one.
    """

    instruction: Instruction
    previous: Instruction | None = None
    taken: bool = True
    wide_run: int = 0

    @property
    def branched_to(self) -> bool:
        """Whether a taken branch leads here."""
        return self.previous is None


@dataclass(frozen=True)
class Rule:
    """One rule of a timing model.

    Attributes:
        name: what reports and tests call it.
        reason: what happens in the core, or what the rule rests on.
        known_error: what the rule gets wrong; empty when it was checked against silicon and nothing is known.
        cycles: the cost at a site, or None where the rule does not apply.
    """

    name: str
    reason: str
    cycles: Callable[[Site], float | None]
    known_error: str = ""


@dataclass(frozen=True)
class Counted:
    """A rule whose events are counted while the program runs."""

    name: str
    reason: str
    cycles: float
    known_error: str = ""


@dataclass(frozen=True)
class TimingModel:
    """What the instructions of a core cost when memory never makes it wait.

    Attributes:
        base: rules of which the first that applies gives the cost.
        extra: rules of which all that apply are added.
        unaligned: cost of a data access whose address is not a multiple of its size.
        offset_load_from_ram: cost of a load with a register offset that reads RAM.
        known_error: how far programs are from silicon, in words.
        source: what the rules rest on.
    """

    base: tuple[Rule, ...]
    extra: tuple[Rule, ...]
    unaligned: Counted
    offset_load_from_ram: Counted
    known_error: str
    source: str

    def cycles(self, site: Site) -> float:
        """The cost of one execution at a site."""
        base = next(cost for rule in self.base if (cost := rule.cycles(site)) is not None)
        return base + sum(rule.cycles(site) or 0.0 for rule in self.extra)

    def applied(self, site: Site) -> tuple[str, ...]:
        """The names of the rules that price a site, the base rule first."""
        base = next(rule.name for rule in self.base if rule.cycles(site) is not None)
        return (base, *(rule.name for rule in self.extra if rule.cycles(site)))
