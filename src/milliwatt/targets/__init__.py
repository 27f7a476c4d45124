# SPDX-License-Identifier: Apache-2.0
"""Boards and cores: memories, clocks, instruction sets and timing. Data, checked when read."""

from milliwatt.targets.board_file import Board, Region, board, boards, read_board
from milliwatt.targets.core_registry import Core, all_cores, core
from milliwatt.targets.memory_model import FlashCaches

__all__ = ["Board", "Core", "FlashCaches", "Region", "all_cores", "board", "boards", "core", "read_board"]
