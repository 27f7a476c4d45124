# SPDX-License-Identifier: Apache-2.0
"""What `--stop-after` shows: the frozen result of one stage, as text or JSON."""

from __future__ import annotations

from typing import Any

from milliwatt.cli.console import print_json, results
from milliwatt.ir.printer import format_graph
from milliwatt.ir.serialise import to_json as graph_json
from milliwatt.lower.program import KernelCall, Program, Scratch
from milliwatt.pipeline import Build
from milliwatt.plan import format_plan
from milliwatt.plan import to_json as plan_json

STAGES = ("import", "ir", "lower", "plan", "emit")


def call_json(call: KernelCall) -> dict[str, Any]:
    """A kernel call as JSON, without the contents of its tables."""
    return {
        "kernel": call.kernel,
        "op": call.op,
        "source": call.source,
        "params": dict(call.params),
        "reads": list(call.reads),
        "writes": list(call.writes),
        "scratch_bytes": [argument.bytes for argument in call.arguments if isinstance(argument, Scratch)],
        "tables": [{"role": table.role, "bytes": table.bytes} for table in call.tables],
        "overlaps": [
            {"read": rule.read, "write": rule.write, "distance": rule.distance} for rule in call.overlaps
        ],
        "macs": call.macs,
    }


def program_json(program: Program) -> dict[str, Any]:
    """A program as JSON."""
    return {
        "core": program.core,
        "numerics": program.numerics.value,
        "specialise": program.specialise,
        "calls": [call_json(call) for call in program.calls],
        "buffers": program.buffer_bytes(),
    }


def show_stage(build: Build, stage: str, *, as_json: bool) -> None:
    """Print the result of one stage."""
    text: str
    content: Any
    if stage in ("import", "ir"):
        graph = build.imported if stage == "import" else build.graph
        text, content = format_graph(graph), graph_json(graph)
    elif stage == "lower":
        text, content = _program_text(build.program), program_json(build.program)
    elif stage == "plan":
        text, content = format_plan(build.plan), plan_json(build.plan)
    else:
        text = f"{build.emitted.header}\n{build.emitted.source}"
        content = {
            "header": build.emitted.header,
            "source": build.emitted.source,
            "manifest": dict(build.emitted.manifest),
        }
    if as_json:
        print_json(content)
    else:
        results().print(text, markup=False, highlight=False)


def _program_text(program: Program) -> str:
    lines = []
    for index, call in enumerate(program.calls):
        lines.append(f"{index:3} {call.kernel:32} {call.macs:>10,} MACs  {call.source}")
    return "\n".join(lines)
