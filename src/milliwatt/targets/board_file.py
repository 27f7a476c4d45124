# SPDX-License-Identifier: Apache-2.0
"""What a board is: a product with a core, a clock and memories. One TOML file each, checked when read."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from milliwatt.errors import UsageError
from milliwatt.targets.core_registry import Core, core
from milliwatt.targets.memory_model import FlashCaches
from milliwatt.targets.schema import checked, positive


@dataclass(frozen=True)
class Region:
    """A memory: bytes [origin, origin + bytes) of the address space."""

    origin: int
    bytes: int

    @property
    def end(self) -> int:
        """The first address behind."""
        return self.origin + self.bytes

    def __contains__(self, address: int) -> bool:
        return self.origin <= address < self.end


@dataclass(frozen=True)
class Board:
    """A product that a model may run on.

    Attributes:
        name: what the user types.
        title: the maker's name and the microcontroller.
        core: its core.
        source: where the data come from.
        notes: what the user should know of these data.
        clock_hz: the clock of the core at full speed; None of the host.
        ram, flash: the memories that a model may use; None of the host.
        memory: what the flash adds to the cycles; None when no model was validated, and then the
            cycles on the board are not given.
    """

    name: str
    title: str
    core: Core
    source: str
    notes: str = ""
    clock_hz: int | None = None
    ram: Region | None = None
    flash: Region | None = None
    memory: FlashCaches | None = None


_KEYS: dict[str, type] = {"title": str, "core": str, "source": str}
_DEVICE_KEYS: dict[str, type] = {"clock_hz": int, "ram": dict, "flash": dict}
_REGION_KEYS: dict[str, type] = {"origin": int, "bytes": int}
_MEMORY_KEYS: dict[str, type] = {
    "kind": str,
    "line_bytes": int,
    "sector_bytes": int,
    "instruction_lines": int,
    "data_lines": int,
    "instruction_miss_cycles": float,
    "data_miss_cycles": float,
    "known_error": str,
}


def _region(table: Mapping[str, Any], where: str) -> Region:
    checked(table, _REGION_KEYS, where=where, optional={})
    positive(table, "bytes", where=where)
    if not 0 <= table["origin"] <= table["origin"] + table["bytes"] <= 1 << 32:
        raise UsageError("the memory does not lie in the 32-bit address space", where=where)
    return Region(table["origin"], table["bytes"])


def _memory(table: Mapping[str, Any], where: str) -> FlashCaches:
    checked(table, _MEMORY_KEYS, where=where, optional={})
    sizes = ("line_bytes", "sector_bytes", "instruction_lines", "data_lines")
    positive(table, *sizes, where=where)
    line, sector = table["line_bytes"], table["sector_bytes"]
    if line & (line - 1) or sector & (sector - 1) or not line // 32 <= sector <= line:
        raise UsageError(
            "line_bytes and sector_bytes must be powers of two, with 1 to 32 sectors in a line", where=where
        )
    if max(table["instruction_lines"], table["data_lines"]) > 4096:
        raise UsageError("a cache may have at most 4096 lines", where=where)
    return FlashCaches(**table)


def read_board(text: str, *, name: str, file: str) -> Board:
    """Read a board from the text of its TOML file.

    Args:
        text: the file.
        name: what the user types; by custom the stem of the file's name.
        file: the file's name, for errors.

    Raises:
        UsageError: it is not TOML, or breaks a rule; the error names the file and the key.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"the file is not TOML: {error}", where=file) from error
    is_host = table.get("core") == "host"
    keys = _KEYS if is_host else {**_KEYS, **_DEVICE_KEYS}
    checked(table, keys, where=file, optional={"notes": str, **({} if is_host else {"memory": dict})})
    chosen = core(table["core"], where=f"{file}: core")
    common = {"name": name, "title": table["title"], "core": chosen, "source": table["source"]}
    if is_host:
        return Board(**common, notes=table.get("notes", ""))
    positive(table, "clock_hz", where=file)
    return Board(
        **common,
        notes=table.get("notes", ""),
        clock_hz=table["clock_hz"],
        ram=_region(table["ram"], f"{file}: ram"),
        flash=_region(table["flash"], f"{file}: flash"),
        memory=_memory(table["memory"], f"{file}: memory") if "memory" in table else None,
    )


@cache
def _shipped() -> dict[str, Board]:
    found = {}
    for entry in resources.files("milliwatt.targets").joinpath("boards").iterdir():
        if entry.name.endswith(".toml"):
            name = entry.name.removesuffix(".toml")
            found[name] = read_board(entry.read_text("utf-8"), name=name, file=entry.name)
    return dict(sorted(found.items()))


def boards() -> tuple[Board, ...]:
    """Every board that is shipped, in the order of their names."""
    return tuple(_shipped().values())


def board(name: str) -> Board:
    """A board by its name, or from the user's own TOML file.

    Args:
        name: the name of a shipped board, or a path that ends in ``.toml``.

    Raises:
        UsageError: there is no such board or file, or the file breaks a rule.
    """
    if name in _shipped():
        return _shipped()[name]
    if name.endswith(".toml"):
        try:
            return read_board(Path(name).read_text("utf-8"), name=Path(name).stem, file=name)
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"the board file cannot be read: {error}", where=name) from error
    close = difflib.get_close_matches(name, _shipped(), n=3, cutoff=0.4) or list(_shipped())
    raise UsageError(
        f"there is no board {name!r}",
        hint=f"did you mean {', '.join(close)}? Your own board is a path to a .toml file",
    )
