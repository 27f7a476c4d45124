# SPDX-License-Identifier: Apache-2.0
"""A listing whose S registers can be given back, for functions with more values in all than at any one time."""

from __future__ import annotations

from collections.abc import Sequence

from milliwatt.emit.assembly.listing import Listing

_SCALARS = 32
_OWN = 16  # s0 to s15 belong to the called function; the rest belongs to the caller


class ScopedListing(Listing):
    """See `Listing`; a name holds its S register until it is forgotten."""

    def __init__(self) -> None:
        super().__init__()
        self._free = list(range(_SCALARS))
        self._held: dict[str, int] = {}
        self._most = 0

    def keep(self, name: str, register: str) -> None:
        """Copy a register to the S register of that name.

        Raises:
            ValueError: no S register is left.
        """
        if name not in self._held:
            self._hold(name)
        self.op(f"vmov s{self._held[name]}, {register}")

    def _hold(self, name: str) -> None:
        if not self._free:
            raise ValueError(f"no S register is left for {name}")
        self._held[name] = self._free.pop(0)
        self._most = max(self._most, self._held[name] + 1)

    def keep_words(self, names: Sequence[str], source: str) -> None:
        """Load the words at a register to S registers of those names. First of all: they must lie side by side.

        Raises:
            ValueError: S registers are in use already.
        """
        if self._held:
            raise ValueError("S registers are no longer side by side")
        for name in names:
            self._held[name] = self._free.pop(0)
        self._most = len(names)
        self.op(f"vldmia {source}, {{s0-s{len(names) - 1}}}")

    def fetch(self, register: str, name: str) -> None:
        """Copy the S register of that name to a register."""
        self.op(f"vmov {register}, s{self._held[name]}")

    def copy(self, name: str, source: str) -> None:
        """Copy the S register of one name to that of another."""
        if name not in self._held:
            self._hold(name)
        self.op(f"vmov.f32 s{self._held[name]}, s{self._held[source]}")

    @property
    def borrowed(self) -> str:
        """The caller's S registers in use, as VPUSH and VPOP take them; empty when there are none."""
        return f"{{s{_OWN}-s{self._most - 1}}}" if self._most > _OWN else ""

    def forget(self, *names: str) -> None:
        """Give S registers back."""
        for name in names:
            self._free.append(self._held.pop(name))
        self._free.sort()

    def count_down(self, name: str, again: int, *, temporary: str) -> None:
        """The end of a loop whose remaining turns are kept under a name."""
        self.fetch(temporary, name)
        self.op(f"subs {temporary}, #1")
        self.keep(name, temporary)
        self.branch("bne", again)
