# SPDX-License-Identifier: Apache-2.0
"""The words in which costs are shown: on the screen, in the header, and the call that a firmware makes."""

from __future__ import annotations

from milliwatt.emit.header import ports
from milliwatt.measure.footprint import Footprint
from milliwatt.pipeline import Build


def cost_lines(build: Build, cost: Footprint) -> list[str]:
    """RAM, flash and work in words, with how each was obtained."""
    plan = build.plan
    bound = "the lower bound" if plan.arena_bytes == plan.lower_bound else f"lower bound {plan.lower_bound:,}"
    lines = [f"arena  {plan.arena_bytes:,} bytes ({bound}), inputs and outputs included"]
    if cost.ram_total is not None:
        lines = [
            f"RAM    {cost.ram_total:,} bytes = arena {cost.arena:,} ({bound}) + stack {cost.stack:,} (static bound) "
            f"+ static {cost.static:,}",
            f"flash  {cost.flash_total:,} bytes = code {cost.code:,} + weights {cost.weights:,} (linked ELF, clang)",
        ]
    lines.append(f"work   {build.program.macs:,} multiply-accumulates in {len(build.program.calls)} steps")
    if build.options.bands is not None:
        lines.append(f"bands  {build.options.bands}")
    return lines


def facts(build: Build, cost: Footprint) -> list[str]:
    """The measured lines of the header."""
    return [line.rstrip() for line in cost_lines(build, cost)]


def usage(build: Build) -> list[str]:
    """The lines of C that run the model."""
    name, upper = build.emitted.name, build.emitted.name.upper()
    inputs = ports(build.program.graph.inputs, "input")
    outputs = ports(build.program.graph.outputs, "output")
    lines = [f'#include "{name}.h"', "", f"static {name}_arena arena;"]
    if build.emitted.stateful:
        lines.append(f"{name}_init(&arena); /* once */")
    lines += [
        f"memcpy({name}_{suffix}(&arena), {value}, {upper}_{suffix.upper()}_BYTES);"
        for (_, suffix), value in zip(inputs, _variables([suffix for _, suffix in inputs]), strict=True)
    ]
    lines.append(f"if ({name}_run(&arena) == {upper}_OK) use({name}_{outputs[0][1]}(&arena));")
    return lines


def _variables(suffixes: list[str]) -> list[str]:
    return [
        "samples" if suffix == "input" else f"samples_{suffix.removeprefix('input_')}" for suffix in suffixes
    ]
