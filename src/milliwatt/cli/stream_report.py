# SPDX-License-Identifier: Apache-2.0
"""What streaming saves: both forms of a model side by side, in JSON and in words."""

from __future__ import annotations

from typing import Any

from milliwatt.cli.inspect import node_macs
from milliwatt.measure.profile import Profile
from milliwatt.pipeline import Build
from milliwatt.stream import Streaming


def stream_json(build: Build, chosen: Streaming) -> dict[str, Any]:
    """The window, and the multiply-accumulates of both forms."""
    track = chosen.track(build.imported)
    return {
        "axis": track.axis,
        "hop": track.new,
        "window": track.full,
        "runs_to_fill": chosen.runs_to_fill(build.imported),
        "macs": {"window": sum(node_macs(build.imported)), "hop": sum(node_macs(build.graph))},
    }


def stream_line(build: Build, chosen: Streaming) -> str:
    """The same in words."""
    content = stream_json(build, chosen)
    before, behind = content["macs"]["window"], content["macs"]["hop"]
    return (
        f"stream {behind:,} multiply-accumulates per hop of {content['hop']} instead of {before:,} per window of "
        f"{content['window']} (axis {content['axis']}); outputs count from run {content['runs_to_fill']} on"
    )


def both_profiles(build: Build, chosen: Streaming, *, window: Profile, hop: Profile) -> dict[str, Any]:
    """What a profile says of both forms."""
    forms = (("window", window.to_json()), ("hop", hop.to_json()))
    groups = ("ram_bytes", "flash_bytes", "instructions", "cycles", "latency_ms")
    return {
        **stream_json(build, chosen),
        **{group: {word: content[group] for word, content in forms} for group in groups},
    }


def both_lines(content: dict[str, Any]) -> list[str]:
    """The same in words."""
    lines = []
    for word, title in (("window", "window model"), ("hop", "per hop")):
        ram, cycles = content["ram_bytes"][word]["total"], content["cycles"][word]
        spent = next(
            (f"{cycles[key]:,} cycles" for key in ("board", "core") if cycles[key] is not None),
            f"{content['instructions'][word]:,} instructions",
        )
        lines.append(f"{title:12} {content['macs'][word]:,} MACs, {spent}, {ram:,} bytes of RAM")
    return lines
