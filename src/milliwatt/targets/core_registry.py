# SPDX-License-Identifier: Apache-2.0
"""What a core is: an instruction set, its compilers' flags, its emulator and what its instructions cost."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from dataclasses import dataclass
from functools import cache
from typing import Literal

from milliwatt.errors import UsageError
from milliwatt.targets.timing import TimingModel

Isa = Literal["thumb", "riscv32", "host"]


@dataclass(frozen=True)
class Core:
    """A processor core, independent of the product that holds it.

    Attributes:
        name: how boards and reports call it.
        title: the maker's name and the architecture.
        isa: the family of instruction sets; "host" is the computer that milliwatt runs on.
        dsp: whether it has the Armv7E-M halfword multiplies (SMLAD, SXTB16, …).
        fpu: whether it computes float32 in hardware.
        unaligned: whether 16- and 32-bit loads and stores may be unaligned.
        clang: flags that choose this core for the clang of ziglang.
        gcc: flags that choose it for a GNU cross compiler; empty when there is none to use.
        emulator: name of Unicorn's processor model (a constant of its binding); empty for the host.
        qemu: name of a machine of QEMU that runs its code; empty when there is none.
        timing: what instructions cost; None when no model was validated, and then cycles are not given.
    """

    name: str
    title: str
    isa: Isa
    dsp: bool
    fpu: bool
    unaligned: bool
    clang: tuple[str, ...]
    gcc: tuple[str, ...] = ()
    emulator: str = ""
    qemu: str = ""
    timing: TimingModel | None = None

    @property
    def is_host(self) -> bool:
        """Whether this is the computer that milliwatt runs on."""
        return self.isa == "host"


@cache
def _all() -> dict[str, Core]:
    package = importlib.import_module("milliwatt.targets.cores")

    found: dict[str, Core] = {}
    for module in pkgutil.iter_modules(package.__path__):
        core = importlib.import_module(f"{package.__name__}.{module.name}").CORE
        found[core.name] = core
    return dict(sorted(found.items()))


def all_cores() -> tuple[Core, ...]:
    """Every core, in the order of their names."""
    return tuple(_all().values())


def core(name: str, *, where: str = "") -> Core:
    """The core of that name.

    Raises:
        UsageError: there is none; the hint names the closest.
    """
    if name in _all():
        return _all()[name]
    close = difflib.get_close_matches(name, _all(), n=3, cutoff=0.3) or list(_all())
    raise UsageError(f"there is no core {name!r}", where=where, hint=f"did you mean {', '.join(close)}?")
