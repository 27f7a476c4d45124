# SPDX-License-Identifier: Apache-2.0
"""Milliseconds as bars, model by model, each on a scale of its own: milliwatt beside the others on the same board."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape

from tables import SHORT, Results, best_published, tflm

_WIDTH, _LEFT, _RIGHT = 860, 220, 90
_BAR, _GAP, _GROUP, _TOP = 18, 4, 34, 56
_WORTH_SHOWING = 0.9
"""Weights in RAM have a bar where that takes less than so much of the time."""

_STYLE = (
    "text{font:13px sans-serif;fill:#222}.title{font-size:15px;font-weight:bold}.model{font-weight:bold}"
    ".ours{fill:#1f5fa8}.others{fill:#b9c2cc}"
)


def svg(results: Results, peers: dict[str, Any], *, board: str) -> str:
    """The picture."""
    parts: list[str] = []
    y = _TOP
    for model in SHORT:
        bars = list(_bars(results, peers, model))
        longest = max(value for _, value, _ in bars)
        parts.append(f'<text class="model" x="16" y="{y}">{escape(model)}</text>')
        for label, value, kind in bars:
            y += _BAR + _GAP
            length = (_WIDTH - _LEFT - _RIGHT) * value / longest
            parts += [
                f'<text x="{_LEFT - 8}" y="{y + 14 - _BAR}" text-anchor="end">{escape(label)}</text>',
                f'<rect class="{kind}" x="{_LEFT}" y="{y - _BAR}" width="{length:.1f}" height="{_BAR}"/>',
                f'<text x="{_LEFT + length + 6:.1f}" y="{y + 14 - _BAR}">{value:.1f} ms</text>',
            ]
        y += _GROUP
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y}" width="{_WIDTH}" height="{y}">',
        f"<style>{_STYLE}</style>",
        f'<rect width="{_WIDTH}" height="{y}" fill="#fff"/>',
        f'<text class="title" x="16" y="26">One inference on {escape(board)}: less is better</text>',
    ]
    return "\n".join([*head, *parts, "</svg>"]) + "\n"


def _bars(results: Results, peers: dict[str, Any], model: str) -> Iterator[tuple[str, float, str]]:
    """Label, milliseconds and kind of each bar of a model."""
    speed = results[f"{model}/speed"]["latency_ms"]["board"]
    in_ram = results.get(f"{model}/speed, weights in RAM")
    if in_ram is not None and in_ram["latency_ms"]["board"] < _WORTH_SHOWING * speed:
        yield "milliwatt, weights in RAM", in_ram["latency_ms"]["board"], "ours"
    yield "milliwatt, speed", speed, "ours"
    yield "milliwatt, balanced", results[f"{model}/balanced"]["latency_ms"]["board"], "ours"
    engine, best = best_published(peers, model)
    yield engine, best, "others"
    yield "TFLM + CMSIS-NN", float(tflm(peers)[model]["l4r5_ms"]), "others"
