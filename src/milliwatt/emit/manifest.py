# SPDX-License-Identifier: Apache-2.0
"""NAME.json: what a firmware's build, a validator or a fleet needs to know of the two C files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from milliwatt.emit.header import ports
from milliwatt.ir import TensorType
from milliwatt.plan.layout import Plan

FORMAT = 1


def _port(plan: Plan, value: str, suffix: str) -> dict[str, Any]:
    kind: TensorType = plan.program.graph.values[value]
    quant = None
    if kind.quant is not None:
        quant = {
            "scale": list(kind.quant.scale),
            "zero_point": list(kind.quant.zero_point),
            "axis": kind.quant.axis,
        }
    return {
        "name": value,
        "function": suffix,
        "dtype": kind.dtype.value,
        "shape": list(kind.shape),
        "quantization": quant,
        "offset": plan.offset_of(value),
        "bytes": kind.bytes,
    }


def manifest(plan: Plan, *, name: str, functions: Sequence[str], extra: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest as a JSON object."""
    program = plan.program
    return {
        "format": FORMAT,
        "name": name,
        **extra,
        "numerics": program.numerics.value,
        "compile": ["-std=c99", "-ffp-contract=off"],
        "arena": {
            "bytes": max(plan.arena_bytes, plan.alignment),
            "alignment": plan.alignment,
            "lower_bound": plan.lower_bound,
            "planner": plan.planner,
        },
        "inputs": [
            _port(plan, value, f"{name}_{suffix}") for value, suffix in ports(program.graph.inputs, "input")
        ],
        "outputs": [
            _port(plan, value, f"{name}_{suffix}") for value, suffix in ports(program.graph.outputs, "output")
        ],
        "states": [
            {"name": placed.name, "offset": placed.offset, "bytes": placed.bytes}
            for placed in plan.states.values()
        ],
        "steps": [
            {
                "op": call.op,
                "kernel": call.kernel,
                "function": function,
                "source": call.source,
                "macs": call.macs,
                "reads": list(call.reads),
                "writes": list(call.writes),
                "table_bytes": sum(table.bytes for table in call.tables),
            }
            for call, function in zip(program.calls, functions, strict=True)
        ],
    }
