# SPDX-License-Identifier: Apache-2.0
"""The front as an SVG picture: RAM to the right, time upwards, the options beside each point."""

from __future__ import annotations

import math
from collections.abc import Sequence
from xml.sax.saxutils import escape

from milliwatt.fit.front import Front, FrontPoint

_WIDTH, _HEIGHT = 860, 520
_LEFT, _RIGHT, _TOP, _BOTTOM = 80, 260, 50, 70
_TICKS = 5
_LINE = 15
"""Least distance of two labels, in pixels."""

_STYLE = (
    "text{font:12px sans-serif;fill:#222}.title{font-size:15px;font-weight:bold}.tick{fill:#666}"
    "line{stroke:#ddd}.leader{stroke:#999}circle{stroke:#1f5fa8;stroke-width:2}.front{fill:#1f5fa8}"
    ".behind{fill:#fff}"
)


def svg(front: Front) -> str:
    """The picture; filled points are on the front, hollow ones are dominated."""
    unit, times = _times(front)
    across = _ticks(max(point.ram_bytes / 1024 for point in front.points))
    up = _ticks(max(times))
    places = [
        (_x(point.ram_bytes / 1024, across[-1]), _y(time, up[-1]))
        for point, time in zip(front.points, times, strict=True)
    ]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'width="{_WIDTH}" height="{_HEIGHT}">',
        f"<style>{_STYLE}</style>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        _text(_LEFT, 26, f"{front.model} on {front.board} ({front.core})", "title"),
        *(_across(value, across[-1]) for value in across),
        *(_up(value, up[-1]) for value in up),
        _text(
            (_LEFT + _WIDTH - _RIGHT) / 2,
            _HEIGHT - 22,
            "RAM (KiB): arena, stack and static data",
            "",
            "middle",
        ),
        _text(_LEFT - 60, _TOP - 12, unit),
        *_labels(front.points, places),
        *(_mark(point, place) for point, place in zip(front.points, places, strict=True)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _times(front: Front) -> tuple[str, list[float]]:
    if all(point.latency_ms is not None for point in front.points):
        return "time (ms)", [point.latency_ms or 0.0 for point in front.points]
    if all(point.cycles is not None for point in front.points):
        return "time (million cycles)", [point.time / 1e6 for point in front.points]
    return "million instructions", [point.time / 1e6 for point in front.points]


def _ticks(highest: float) -> list[float]:
    """Round values from 0 to the first one that is not below the highest."""
    raw = max(highest, 1e-9) / _TICKS
    power = 10 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw)
    return [index * step for index in range(math.ceil(highest / step) + 1)]


def _x(value: float, highest: float) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * value / highest


def _y(value: float, highest: float) -> float:
    return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * value / highest


def _across(value: float, highest: float) -> str:
    x = _x(value, highest)
    line = f'<line x1="{x:.1f}" y1="{_TOP}" x2="{x:.1f}" y2="{_HEIGHT - _BOTTOM}"/>'
    return line + _text(x, _HEIGHT - _BOTTOM + 18, f"{value:g}", "tick", "middle")


def _up(value: float, highest: float) -> str:
    y = _y(value, highest)
    line = f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDTH - _RIGHT}" y2="{y:.1f}"/>'
    return line + _text(_LEFT - 8, y + 4, f"{value:g}", "tick", "end")


def _labels(points: Sequence[FrontPoint], places: Sequence[tuple[float, float]]) -> list[str]:
    """Labels in the right margin in the order of their points, none on another, with a line to each point."""
    order = sorted(range(len(points)), key=lambda index: (places[index][1], places[index][0]))
    heights: list[float] = []
    for index in order:
        heights.append(max(places[index][1], heights[-1] + _LINE if heights else _TOP))
    lift = max(0.0, heights[-1] - (_HEIGHT - _BOTTOM))
    parts = []
    for index, height in zip(order, heights, strict=True):
        (x, y), at = places[index], height - lift
        start = _WIDTH - _RIGHT + 14
        parts.append(f'<line class="leader" x1="{x:.1f}" y1="{y:.1f}" x2="{start - 3}" y2="{at:.1f}"/>')
        text = f"{points[index].label}, flash {points[index].flash_bytes / 1024:.1f} KiB"
        parts.append(_text(start, at + 4, text))
    return parts


def _mark(point: FrontPoint, place: tuple[float, float]) -> str:
    kind = "front" if point.on_front else "behind"
    title = f"{point.label}: {point.ram_bytes} bytes of RAM, {point.flash_bytes} of flash, {point.time} {_unit(point)}"
    circle = f'<circle class="{kind}" cx="{place[0]:.1f}" cy="{place[1]:.1f}" r="5">'
    return f"{circle}<title>{escape(title)}</title></circle>"


def _unit(point: FrontPoint) -> str:
    return "instructions" if point.cycles is None else "cycles"


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    style = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{style}>{escape(text)}</text>'
