# SPDX-License-Identifier: Apache-2.0
"""Collects the lines of one hand-allocated Thumb-2 function: labels, constants and values kept in S registers."""

from __future__ import annotations

_SCALARS = 16  # s0 to s15 belong to the called function; VMOV fetches one in a cycle.


class Listing:
    """The lines of one function. Registers are chosen by who writes it; labels and S registers are not.

    Args:
        scalars: S registers that the function uses, 32 where it saves s16 to s31.
    """

    def __init__(self, *, scalars: int = _SCALARS) -> None:
        self._most_scalars = scalars
        self._lines: list[str] = []
        self._labels = 0
        self._placed: set[int] = set()
        self._scalars: dict[str, int] = {}

    def op(self, *instructions: str) -> None:
        """Append instructions."""
        self._lines.extend(instructions)

    def note(self, text: str) -> None:
        """Append a comment."""
        self._lines.append(f"@ {text}")

    def label(self) -> int:
        """A label that is placed later."""
        self._labels += 1
        return self._labels

    def place(self, label: int) -> None:
        """Put a label here."""
        self._placed.add(label)
        self._lines.append(f"{label}:")

    def here(self, *, aligned: bool = False) -> int:
        """A label at this place; aligned to a word where a loop begins with a 32-bit instruction."""
        if aligned:
            self._lines.append(".balign 4")
        label = self.label()
        self.place(label)
        return label

    def branch(self, mnemonic: str, label: int) -> None:
        """A branch to a label, placed before or to be placed."""
        self._lines.append(f"{mnemonic} {label}{'b' if label in self._placed else 'f'}")

    def keep(self, name: str, register: str) -> None:
        """Copy a register to the S register of that name.

        Raises:
            ValueError: more names than S registers.
        """
        number = self._scalars.setdefault(name, len(self._scalars))
        if number >= self._most_scalars:
            raise ValueError(f"no S register is left for {name}")
        self._lines.append(f"vmov s{number}, {register}")

    def fetch(self, register: str, name: str) -> None:
        """Copy the S register of that name to a register."""
        self._lines.append(f"vmov {register}, s{self._scalars[name]}")

    def constant(self, register: str, value: int) -> None:
        """Load a constant of 32 bits; flags may change."""
        bits = value & 0xFFFFFFFF
        if bits < 256 and register in LOW:
            self.op(f"movs {register}, #{bits}")
        else:
            self.op(f"movw {register}, #{bits & 0xFFFF}")
            if bits >> 16:
                self.op(f"movt {register}, #{bits >> 16}")

    def add(self, target: str, source: str, value: int, *, temporary: str = "") -> None:
        """target = source + value; flags may change. Values beyond 4095 need a temporary register.

        Raises:
            ValueError: there is none.
        """
        size = abs(value)
        verb = "add" if value >= 0 else "sub"
        if size == 0:
            if target != source:
                self.op(f"mov {target}, {source}")
        elif size < 256 and target == source and target in LOW:
            self.op(f"{verb}s {target}, #{size}")
        elif size < 4096:
            self.op(f"{verb}w {target}, {source}, #{size}")
        elif temporary:
            self.constant(temporary, size)
            self.op(f"{verb} {target}, {source}, {temporary}")
        else:
            raise ValueError(f"no temporary register to add {value}")

    def text(self) -> str:
        """The whole function."""
        return "\n".join(self._lines)


LOW = frozenset(f"r{number}" for number in range(8))
"""Registers that 16-bit instructions reach."""
