# SPDX-License-Identifier: Apache-2.0
"""The checker: it agrees with the rules on random placements and refuses every seeded fault."""

from __future__ import annotations

import ast
import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plan.programs import Builder, chain, programs
from tests.plan.rules import alignments, conflicts, moved, things

import milliwatt.plan
from milliwatt.errors import VerificationError
from milliwatt.lower.program import Program, Scratch
from milliwatt.plan import Plan, check, plan


def _accepts(made: Plan, program: Program | None = None) -> bool:
    try:
        check(made, program)
    except VerificationError:
        return False
    return True


@settings(max_examples=80, deadline=None)
@given(program=programs(), seed=st.integers(0, 2**32), faults=st.integers(1, 3))
def test_agrees_with_the_rules_on_random_moves(program: Program, seed: int, faults: int) -> None:
    """A few things are moved by aligned amounts: shadow run and pairwise rules must come to one verdict."""
    made, chance = plan(program), random.Random(seed)
    alignment = alignments(made.program)
    offsets = {}
    for key in chance.sample(list(things(made)), min(faults, len(things(made)))):
        room = made.arena_bytes + 16 - things(made)[key].bytes
        offsets[key] = chance.randrange(0, room // alignment[key] + 1) * alignment[key]
    candidate = moved(made, offsets, arena_bytes=made.arena_bytes + 16)
    allowed = all(spot.end <= candidate.arena_bytes for spot in things(candidate).values())
    assert _accepts(candidate, program) == (allowed and not list(conflicts(candidate)))


@settings(max_examples=40, deadline=None)
@given(program=programs(), data=st.data())
def test_refuses_every_break_of_alignment(program: Program, data: st.DataObject) -> None:
    made = plan(program)
    widths = {key: width for key, width in _strict_alignments(made.program).items() if width > 1}
    if not widths:
        return
    key = data.draw(st.sampled_from(sorted(widths, key=str)))
    wrong = things(made)[key].offset + data.draw(st.integers(1, widths[key] - 1))
    assert not _accepts(moved(made, {key: wrong}, arena_bytes=made.arena_bytes + 8))


def _strict_alignments(program: Program) -> dict[tuple[str, object], int]:
    """What the C types need; the planners' word is a courtesy that the checker does not ask for."""
    widths: dict[tuple[str, object], int] = {}
    ports = {*program.graph.inputs, *program.graph.outputs}
    used = ports | {value for call in program.calls for value in (*call.reads, *call.writes)}
    for value in used:
        key = ("buffer", program.buffer_of[value])
        widths[key] = max(widths.get(key, 1), program.type_of(value).dtype.bytes)
    for step, call in enumerate(program.calls):
        for index, piece in enumerate(call.scratch):
            widths["scratch", (step, index)] = max(piece.alignment, 4 if piece.c_type == "int32_t" else 1)
    return widths


@settings(max_examples=40, deadline=None)
@given(program=programs(), data=st.data())
def test_refuses_an_arena_that_is_too_small(program: Program, data: st.DataObject) -> None:
    made = plan(program)
    top = max(spot.end for spot in things(made).values() if spot.bytes)
    assert _accepts(replace(made, arena_bytes=top))
    assert not _accepts(replace(made, arena_bytes=data.draw(st.integers(0, top - 1))))


def _in_place() -> Plan:
    made = plan(chain(64, 64, 64, distance=12))
    assert made.arena_bytes == 88
    return made


def _with_scratch_and_state() -> Plan:
    builder = Builder()
    builder.value("in", 32)
    builder.value("out", 32)
    builder.state("memory", 16)
    builder.call(["in"], ["out"], scratch=(Scratch(16, "int32_t", 8),), states=("memory",))
    return plan(builder.program(["in"], ["out"]))


FAULTS = {
    "the distance is cut by a word": (_in_place, {("buffer", "v0"): 20}, "overlap"),
    "the output lies above its input": (_in_place, {("buffer", "v2"): 24}, "overlap"),
    "a scratch lies on the input": (_with_scratch_and_state, {("scratch", (0, 0)): 16}, "overlap"),
    "a state lies on the input": (_with_scratch_and_state, {("state", "memory"): 20}, "should hold"),
    "a buffer starts below the arena": (_in_place, {("buffer", "v2"): -4}, "leaves the arena"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_names_the_fault(case: str) -> None:
    make, offsets, text = FAULTS[case]
    with pytest.raises(VerificationError, match=text):
        check(moved(make(), offsets))


def test_names_step_source_and_bytes() -> None:
    """v0 is overwritten by the first call, but the last one still reads it."""
    builder = Builder()
    for name in ("in", "a", "out"):
        builder.value(name, 16)
    builder.call(["in"], ["a"], overlaps=(("in", "a", 0),))
    builder.call(["in", "a"], ["out"])
    made = plan(builder.program(["in"], ["out"]))
    with pytest.raises(VerificationError) as caught:
        check(moved(made, {("buffer", "a"): 0, ("buffer", "in"): 8, ("buffer", "out"): 24}))
    assert "read 'in' [8, 24)" in caught.value.message
    assert "bytes [8, 16)" in caught.value.message
    assert "holds value 'a'" in caught.value.message
    assert caught.value.where == "step 1, kernel_1, layer 1"


def test_refuses_wrong_claims() -> None:
    made = _in_place()
    spot = made.buffers["v1"]
    for wrong in (replace(spot, last=2), replace(spot, first=-1), replace(spot, bytes=63)):
        assert not _accepts(replace(made, buffers={**made.buffers, "v1": wrong}))
    assert not _accepts(replace(made, buffers={"v0": made.buffers["v0"], "v2": made.buffers["v2"]}))
    stateful = _with_scratch_and_state()
    assert not _accepts(replace(stateful, states={}))
    assert not _accepts(replace(stateful, scratch={}))
    assert not _accepts(replace(stateful, alignment=4))


def _recurrent() -> Program:
    """Two calls that only a state variable ties together, and one that nothing holds back."""
    builder = Builder()
    for name in ("in", "a", "b", "c", "out"):
        builder.value(name, 16)
    builder.state("memory", 8)
    builder.call(["in"], ["a"], states=("memory",))
    builder.call(["in"], ["b"], states=("memory",))
    builder.call(["in"], ["c"])
    builder.call(["a", "b", "c"], ["out"])
    return builder.program(["in"], ["out"])


@pytest.mark.parametrize(
    ("order", "accepted"), [((0, 1, 2, 3), True), ((2, 0, 1, 3), True), ((1, 0, 2, 3), False)]
)
def test_checks_the_order_of_calls(order: tuple[int, ...], accepted: bool) -> None:
    program = _recurrent()
    made = plan(replace(program, calls=tuple(program.calls[index] for index in order)))
    assert _accepts(made, program) == accepted


@pytest.mark.parametrize("order", [(0, 1, 3), (0, 0, 1, 2, 3), (0, 1, 2)])
def test_checks_that_no_call_is_lost_or_doubled(order: tuple[int, ...]) -> None:
    program = _recurrent()
    changed = replace(program, calls=tuple(program.calls[index] for index in order))
    with pytest.raises(VerificationError, match="not those of the program"):
        check(replace(plan(program), program=changed), program)


def test_values_that_share_a_buffer_without_being_views_of_another() -> None:
    """A call that replaces a value in its own buffer: reading the old value afterwards is refused."""
    builder = Builder()
    for name in ("in", "old", "new", "out"):
        builder.value(name, 16)
    builder.buffer_of["new"] = "old"
    builder.call(["in"], ["old"])
    builder.call(["old"], ["new"], overlaps=(("old", "new", 0),))
    builder.call(["new"], ["out"])
    assert _accepts(plan(builder.program(["in"], ["out"])))
    builder.calls.pop()
    builder.call(["old", "new"], ["out"])
    with pytest.raises(VerificationError, match="should hold value 'old'"):
        plan(builder.program(["in"], ["out"]))


@pytest.mark.parametrize("name", ["check", "check_claims", "check_contents", "check_states"])
def test_shares_no_code_with_the_planners(name: str) -> None:
    folder = Path(str(milliwatt.plan.__file__)).parent
    source = ast.parse((folder / f"{name}.py").read_text(encoding="utf-8"))
    imported = {node.module for node in ast.walk(source) if isinstance(node, ast.ImportFrom)}
    allowed = {
        "milliwatt.errors",
        "milliwatt.lower.program",
        "milliwatt.plan.layout",
        "milliwatt.plan.check_claims",
        "milliwatt.plan.check_states",
        "milliwatt.plan.check_contents",
        # What the operators of a program mean.
        "milliwatt.ir",
        "milliwatt.ops",
        "milliwatt.ops.operator",
    }
    assert {name for name in imported if name and name.startswith("milliwatt")} <= allowed
