# SPDX-License-Identifier: Apache-2.0
"""What a RISC-V function takes from the stack, and what it calls."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from milliwatt.errors import ToolchainError
from milliwatt.measure.image import Function, Image

_STORES = ("sb", "sh", "sw", "swsp")
_BRANCHES = ("beq", "bne", "blt", "bge", "bltu", "bgeu", "beqz", "bnez", "j")
_WRITE_NO_REGISTER = frozenset({*_STORES, *_BRANCHES})


def scan_riscv(image: Image, function: Function, code: Iterable[Any]) -> tuple[int, list[int]]:
    """Bytes that a function takes from the stack itself, and the addresses that it calls.

    Raises:
        ToolchainError: the stack pointer is set in a way that cannot be bounded, or a call is indirect.
    """
    taken = 0
    calls: list[int] = []
    constants: dict[str, int] = {}
    for raw in code:
        name = raw.mnemonic.removeprefix("c.")
        parts = [part.strip() for part in raw.op_str.split(",")] if raw.op_str else []
        if name in ("addi", "addi16sp", "sub", "add", "mv") and parts[0] == "sp":
            taken += _taken(function, raw, name=name, parts=parts, constants=constants)
        elif name in ("jal", "j"):
            calls.extend(_target(function, raw, name=name, parts=parts))
        elif name in ("jalr", "jr"):
            calls.extend(_through_register(function, raw, name=name, parts=parts, constants=constants))
        _follow(raw, name, parts, constants)
    return taken, calls


def _number(text: str) -> int | None:
    try:
        return int(text, 0)
    except ValueError:
        return None


def _taken(function: Function, raw: Any, *, name: str, parts: list[str], constants: dict[str, int]) -> int:
    """Bytes by which an instruction lowers the stack pointer."""
    amount = _number(parts[-1])
    if name in ("add", "sub"):
        amount = constants.get(parts[-1])
        if amount is not None and name == "sub":
            amount = -amount
    if name == "addi" and len(parts) == 3 and parts[1] != "sp" and parts[1] in ("s0", "fp"):
        return 0  # the frame pointer gives the stack back
    if amount is None or name == "mv" or (len(parts) == 3 and parts[1] != "sp"):
        raise _error(function, raw, "its frame has no known size")
    return max(-amount, 0)


def _target(function: Function, raw: Any, *, name: str, parts: list[str]) -> list[int]:
    """The call or tail call of a direct jump. Capstone prints the distance from the instruction."""
    distance = _number(parts[-1])
    if distance is None:
        raise _error(function, raw, "a jump has no target")
    target = raw.address + distance
    inside = function.address <= target < function.address + function.bytes
    return [] if name == "j" and inside else [target]


def _through_register(
    function: Function, raw: Any, *, name: str, parts: list[str], constants: dict[str, int]
) -> list[int]:
    """The call of a jump through a register, when the register holds a known address."""
    register = parts[-1]
    offset = 0
    if "(" in register:
        text, register = register.rstrip(")").split("(")
        offset = _number(text) or 0
    elif len(parts) == 3:
        register, offset = parts[1], _number(parts[2]) or 0
    if register in constants:
        return [(constants[register] + offset) & 0xFFFFFFFF]
    returns = register == "ra" or name == "jr"
    if returns or (len(parts) > 1 and parts[0] == "zero"):
        return []
    raise _error(function, raw, "it calls through a register")


def _follow(raw: Any, name: str, parts: list[str], constants: dict[str, int]) -> None:
    """Keep the constants that registers hold, as far as large frames and far calls need them."""
    if not parts or name in _WRITE_NO_REGISTER:
        return
    target = parts[0]
    value = _number(parts[-1])
    if name == "lui" and value is not None:
        constants[target] = _signed(value << 12)
    elif name == "auipc" and value is not None:
        constants[target] = raw.address + _signed(value << 12)
    elif name == "li" and value is not None:
        constants[target] = value
    elif name == "addi" and value is not None and parts[-2] in constants:
        constants[target] = constants[parts[-2]] + value
    else:
        constants.pop(target, None)


def _signed(value: int) -> int:
    value &= 0xFFFFFFFF
    return value - (1 << 32) if value >= 1 << 31 else value


def _error(function: Function, raw: Any, reason: str) -> ToolchainError:
    return ToolchainError(
        f"the stack has no bound: {reason} ({raw.mnemonic} {raw.op_str})", where=function.name
    )
