# SPDX-License-Identifier: Apache-2.0
"""Stack bounds against frames counted by hand, on Thumb and RISC-V; and never below what a run reached."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.timing.probe import assemble
from tests.measure.sample_model import SOURCE, sample

from milliwatt import targets
from milliwatt.errors import ToolchainError
from milliwatt.measure.emulator import EmulatorRunner
from milliwatt.measure.image import read_image
from milliwatt.measure.stack import stack_bound
from milliwatt.measure.toolchain import build_elf

M4 = targets.board("nucleo-l4r5zi")
M0 = targets.board("nucleo-g0b1re")
RISCV = targets.board("esp32-c3-devkitm-1")
DEVICES = [board for board in targets.boards() if not board.core.is_host]

FRAMES = {
    "leaf": (["bx lr"], 0),
    "registers": (["push {r4-r7, lr}", "pop {r4-r7, pc}"], 20),
    "locals": (["push {r4, lr}", "sub sp, #24", "add sp, #24", "pop {r4, pc}"], 32),
    "large locals": (["sub.w sp, sp, #1024", "subw sp, sp, #1001", "add.w sp, sp, #2000", "bx lr"], 2025),
    "fp registers": (["vpush {d8-d9}", "vpop {d8-d9}", "bx lr"], 16),
    "push by store": (["str lr, [sp, #-8]!", "ldr pc, [sp], #8"], 8),
    "rounded": (
        ["push {r4, r7, lr}", "add r7, sp, #4", "mov r4, sp", "bfc r4, #0, #4", "mov sp, r4",
         "sub.w r4, r7, #4", "mov sp, r4", "pop {r4, r7, pc}"],
        12 + 16,
    ),
    "literal": (["ldr r3, 9f", "add sp, r3", "bx lr", ".balign 4", "9: .word -4096"], 4096),
}  # fmt: skip


@pytest.mark.parametrize(("code", "expected"), FRAMES.values(), ids=FRAMES)
def test_thumb_frames(code: list[str], expected: int) -> None:
    assert stack_bound(assemble({"probe": code}, M4), "thumb", entries=["probe"]) == expected


def test_far_branch_of_armv6m_is_no_call() -> None:
    code = ["push {lr}", "bl 1f", *["nop"] * 2000, "1: pop {pc}"]
    assert stack_bound(assemble({"probe": code}, M4), "thumb", entries=["probe"]) == 4


def test_chain_of_calls() -> None:
    codes = {
        "top": ["push {r4, lr}", "bl middle", "bl leaf", "pop {r4, pc}"],
        "middle": ["push {r4-r6, lr}", "sub sp, #16", "add sp, #16", "pop.w {r4-r6, lr}", "b.w leaf"],
        "leaf": ["push {r4-r7}", "pop {r4-r7}", "bx lr"],
    }
    # top 8, middle 16 + 16, leaf 16, and 8 of the function that calls top.
    image = assemble(codes, M4)
    assert stack_bound(image, "thumb", entries=["top"]) == 8 + 32 + 16
    assert stack_bound(image, "thumb", entries=["top_run", "leaf"]) == 8 + 8 + 32 + 16


REFUSED = {
    "recursion": (["push {r4, lr}", "bl probe", "pop {r4, pc}"], "recursive"),
    "call through a register": (["push {r4, lr}", "blx r0", "pop {r4, pc}"], "calls through a register"),
    "jump through a register": (["bx r3"], "calls through a register"),
    "variable frame": (["sub.w sp, sp, r0", "bx lr"], "no known size"),
    "variable frame by move": (["mov r1, sp", "subs r1, r1, r0", "mov sp, r1", "bx lr"], "no known size"),
}


@pytest.mark.parametrize(("code", "message"), REFUSED.values(), ids=REFUSED)
def test_no_bound(code: list[str], message: str) -> None:
    with pytest.raises(ToolchainError, match=message) as caught:
        stack_bound(assemble({"probe": code}, M4), "thumb", entries=["probe"])
    assert caught.value.where == "probe"


@pytest.mark.parametrize("board", DEVICES, ids=lambda board: board.name)
@pytest.mark.parametrize("extra", [0, 600, 6000])
def test_never_below_what_a_run_reached(board: targets.Board, extra: int) -> None:
    fill = f"for (int32_t i = 0; i < {extra}; i++) {{ deep[i] = 1; }}"
    deep = f"volatile uint8_t deep[{extra}];\n    {fill}\n    *state += deep[*state];"
    source = SOURCE.replace("*state += 1;", deep) if extra else SOURCE
    runner = EmulatorRunner(sample(source=source), board)
    reached = runner.trace([np.zeros(64, np.int8)], memory=False).stack_bytes
    bound = stack_bound(runner.image, board.core.isa, entries=["sample_run", "sample_init"])
    assert extra <= reached <= bound <= reached + 64


RECURSION = """static NOINLINE int32_t deeper(int32_t n)
{
    volatile int32_t keep = n;
    return n < 2 ? n : deeper(n - 1) + deeper(n - 2) + keep;
}

static NOINLINE void sample_mix"""


@pytest.mark.parametrize("board", [RISCV, M0], ids=lambda board: board.name)
def test_compiled_recursion_is_refused(board: targets.Board) -> None:
    source = SOURCE.replace("static NOINLINE void sample_mix", RECURSION)
    model = sample(source=source.replace("*state += 1;", "*state += deeper(*state);"))
    image = read_image(build_elf(model, board).file)
    with pytest.raises(ToolchainError, match="recursive"):
        stack_bound(image, board.core.isa, entries=["sample_run"])
