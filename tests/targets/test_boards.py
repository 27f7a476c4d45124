# SPDX-License-Identifier: Apache-2.0
"""Boards: what is shipped, and what a board file may not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from milliwatt import targets
from milliwatt.errors import UsageError

GOOD = """
title = "mine"
core = "cortex-m4"
source = "data sheet"
clock_hz = 1_000_000
[ram]
origin = 0x2000_0000
bytes = 4096
[flash]
origin = 0
bytes = 8192
"""
MEMORY = """
[memory]
kind = "caches"
line_bytes = 32
sector_bytes = 8
instruction_lines = 32
data_lines = 8
instruction_miss_cycles = 2
data_miss_cycles = 6.5
known_error = "unknown"
"""

BAD = {
    "not TOML": (GOOD + "[", "is not TOML", "mine.toml"),
    "missing key": (GOOD.replace('title = "mine"', ""), "'title' is missing", "mine.toml"),
    "missing region": (GOOD[: GOOD.index("[flash]")], "'flash' is missing", "mine.toml"),
    "unknown key": (GOOD.replace("[ram]", "speed = 3\n[ram]"), "'speed' is unknown", "mine.toml"),
    "unknown key in region": (GOOD.replace("= 4096", "= 4096\nkind = 1"), "'kind' is unknown", "mine.toml: ram"),
    "text for a number": (GOOD.replace("1_000_000", '"fast"'), "must be of type int, but is of type str", "mine.toml"),
    "truth for a number": (GOOD.replace("1_000_000", "true"), "must be of type int, but is of type bool", "mine.toml"),
    "no clock": (GOOD.replace("1_000_000", "0"), "'clock_hz' must be above 0", "mine.toml"),
    "empty memory": (GOOD.replace("4096", "0"), "'bytes' must be above 0", "mine.toml: ram"),
    "memory beyond 4 GiB": (GOOD.replace("0x2000_0000", "0xffff_ffff"), "32-bit address space", "mine.toml: ram"),
    "unknown core": (GOOD.replace("cortex-m4", "cortex-m44"), "there is no core 'cortex-m44'", "mine.toml: core"),
    "odd line": (GOOD + MEMORY.replace("line_bytes = 32", "line_bytes = 24"), "powers of two", "mine.toml: memory"),
    "sector above line": (GOOD + MEMORY.replace("r_bytes = 8", "r_bytes = 64"), "powers of two", "mine.toml: memory"),
    "vast cache": (GOOD + MEMORY.replace("data_lines = 8", "data_lines = 9999"), "at most 4096", "mine.toml: memory"),
    "host with memories": (GOOD.replace("cortex-m4", "host"), "'clock_hz' is unknown", "mine.toml"),
}  # fmt: skip


def test_reference_board() -> None:
    board = targets.board("nucleo-l4r5zi")
    assert board.core.name == "cortex-m4"
    assert board.clock_hz == 120_000_000
    assert board.ram == targets.Region(0x20000000, 640 * 1024)
    assert board.flash == targets.Region(0x08000000, 2048 * 1024)
    assert board.memory is not None
    assert (board.memory.kind, board.memory.line_bytes, board.memory.sector_bytes) == ("stm32l4-art", 32, 8)
    assert (board.memory.instruction_lines, board.memory.data_lines) == (32, 8)
    assert board.memory.extra_cycles(instruction_misses=10, data_misses=2) == 10 * 2 + 2 * 6.5


def test_every_core_has_a_board() -> None:
    assert {board.core.name for board in targets.boards()} == {core.name for core in targets.all_cores()}


@pytest.mark.parametrize("board", targets.boards(), ids=lambda board: board.name)
def test_shipped_boards_are_whole(board: targets.Board) -> None:
    assert board.title
    assert board.source
    assert targets.board(board.name) is board
    if board.core.is_host:
        assert (board.ram, board.flash, board.clock_hz) == (None, None, None)
    else:
        assert board.ram is not None
        assert board.flash is not None
        assert board.ram.end <= board.flash.origin or board.flash.end <= board.ram.origin


def test_unknown_board_names_the_closest() -> None:
    with pytest.raises(UsageError, match="there is no board 'nucleo-l4r5z'") as caught:
        targets.board("nucleo-l4r5z")
    assert "nucleo-l4r5zi" in caught.value.hint


def test_own_board(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(GOOD + MEMORY, "utf-8")
    board = targets.board(str(file))
    assert (board.name, board.title, board.clock_hz) == ("mine", "mine", 1_000_000)
    assert board.ram == targets.Region(0x20000000, 4096)
    assert board.memory is not None
    assert board.memory.data_miss_cycles == 6.5


def test_board_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        targets.board(str(tmp_path / "none.toml"))


@pytest.mark.parametrize(("text", "message", "where"), BAD.values(), ids=BAD)
def test_bad_board_file(text: str, message: str, where: str) -> None:
    with pytest.raises(UsageError) as caught:
        targets.read_board(text, name="mine", file="mine.toml")
    assert message in caught.value.message
    assert caught.value.where == where
