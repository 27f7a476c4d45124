# SPDX-License-Identifier: Apache-2.0
"""The JSON form of a plan."""

from __future__ import annotations

from typing import Any

from milliwatt.plan.layout import Placement, Plan


def to_json(plan: Plan) -> dict[str, Any]:
    """A plan as JSON values. Offsets and sizes in bytes, ``first`` and ``last`` are steps."""
    return {
        "planner": plan.planner,
        "arena_bytes": plan.arena_bytes,
        "lower_bound": plan.lower_bound,
        "alignment": plan.alignment,
        "steps": [
            {"kernel": call.kernel, "op": call.op, "outputs": list(call.outputs), "source": call.source}
            for call in plan.program.calls
        ],
        "buffers": [
            {
                **_spot(spot),
                "values": [value for value, home in plan.program.buffer_of.items() if home == name],
            }
            for name, spot in plan.buffers.items()
        ],
        "scratch": [{**_spot(spot), "step": step, "index": i} for (step, i), spot in plan.scratch.items()],
        "states": [_spot(spot) for spot in plan.states.values()],
    }


def _spot(spot: Placement) -> dict[str, Any]:
    return {
        "name": spot.name,
        "offset": spot.offset,
        "bytes": spot.bytes,
        "first": spot.first,
        "last": spot.last,
    }
