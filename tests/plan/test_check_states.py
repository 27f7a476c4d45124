# SPDX-License-Identifier: Apache-2.0
"""Values in the memory of a state variable: planned there, and every fault is found."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.plan.programs import Builder
from tests.plan.rules import moved

from milliwatt.errors import VerificationError
from milliwatt.lower.program import Overlap, Program, Write
from milliwatt.plan import check, plan


def program(*order: str, outputs: tuple[str, ...] = ("out",)) -> Program:
    """``push`` moves the line on, ``again`` does it a second time, ``read`` makes the output of the line."""
    builder = Builder()
    for name, size in (("in", 16), ("out", 16), ("line", 64)):
        builder.value(name, size)
    builder.view("view", "line")
    builder.state("line", 64)
    calls = {
        "push": (["in"], [], ("line",)),
        "again": (["in"], [], ("line",)),
        "read": (["view"], ["out"], ()),
    }
    for name in order:
        reads, writes, states = calls[name]
        builder.call(reads, writes, states=states)
        if name == "push":
            builder.calls[-1] = replace(builder.calls[-1], outputs=("line",))
    return replace(builder.program(["in"], list(outputs)), state_of={"line": "line"})


def test_lies_in_state() -> None:
    made = plan(program("push", "read"))
    assert made.arena_bytes == 64 + 16
    assert set(made.buffers) == {"in", "out"}
    assert made.offset_of("view") == made.offset_of("line") == made.states["line"].offset


def test_readers_stay_between_two_pushes() -> None:
    """No order of lower peak puts the second push before the reader."""
    made = plan(program("push", "read", "again"))
    kernels = [call.kernel for call in made.program.calls]
    assert kernels == ["kernel_0", "kernel_1", "kernel_2"]


@pytest.mark.parametrize("order", [("read", "push"), ("push", "again", "read"), ("read",)])
def test_read_too_early_or_too_late(order: tuple[str, ...]) -> None:
    with pytest.raises(VerificationError, match="'view' is read, but state 'line' does not hold it"):
        plan(program(*order))


def test_swapped_calls_are_found() -> None:
    made = plan(program("push", "read", "again"))
    push, read, again = made.program.calls
    swapped = replace(made, program=replace(made.program, calls=(push, again, read)))
    with pytest.raises(VerificationError, match="state 'line' is accessed in another order"):
        check(swapped, made.program)


def test_written_to() -> None:
    good = program("push", "read")
    push, read = good.calls
    wrong = replace(read, arguments=(*read.arguments, Write("line", "int8_t")))
    with pytest.raises(VerificationError, match="'line' is written, but lies in state"):
        plan(replace(good, calls=(push, wrong)))


def test_the_caller_may_read_it_only_while_it_is_there() -> None:
    plan(program("push", "read", outputs=("out", "line")))
    with pytest.raises(VerificationError, match="after the last step"):
        plan(program("push", "read", "again", outputs=("out", "line")))


def test_an_output_over_the_line_is_found() -> None:
    """Even where the reader would permit it: the next run needs the line."""
    good = program("push", "read")
    push, read = good.calls
    wide = replace(good, calls=(push, replace(read, overlaps=(Overlap("view", "out", -100),))))
    made = plan(wide)
    with pytest.raises(VerificationError, match="should hold"):
        check(moved(made, {("buffer", "out"): made.states["line"].offset}))


def test_an_input_may_not_lie_in_state() -> None:
    good = program("push", "read")
    graph = good.graph.replace(inputs=("in", "line"))
    with pytest.raises(VerificationError, match="input 'line' lies in state"):
        plan(replace(good, graph=graph))
