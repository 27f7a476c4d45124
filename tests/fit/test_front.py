# SPDX-License-Identifier: Apache-2.0
"""The front: its points can be built again, dominance is what it says, the picture shows every point."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from milliwatt.cli.front_picture import svg
from milliwatt.errors import UsageError
from milliwatt.fit.front import Front, pareto
from milliwatt.fit.kernel_choice import compile_measured, level_of
from milliwatt.measure.footprint import footprint
from milliwatt.pipeline import Options, load
from milliwatt.targets import board

DIGITS = Path(__file__).resolve().parents[2] / "examples" / "01_digits" / "digits.tflite"
OPTIONS = Options(board("nucleo-l4r5zi"))


@pytest.fixture(scope="module")
def front() -> Front:
    return pareto(load(DIGITS), OPTIONS, budgets=1)


@pytest.mark.long
def test_points_are_reproduced_by_their_options(front: Front) -> None:
    for point in front.points:
        options = replace(OPTIONS, optimize=point.optimize, max_ram=point.max_ram, weights=point.weights)
        build = compile_measured(load(DIGITS), options)
        cost = footprint(build.emitted, OPTIONS.board, level=level_of(point.optimize))
        assert (cost.ram_total, cost.flash_total) == (point.ram_bytes, point.flash_bytes), point.label


def test_goals_are_extremes(front: Front) -> None:
    assert {"speed", "balanced", "ram", "flash"} <= {point.optimize for point in front.points}
    in_flash = [point for point in front.points if point.weights == "flash"]
    fastest = next(point for point in in_flash if point.label == "speed")
    smallest = next(point for point in in_flash if point.label == "flash")
    assert fastest.time == min(point.time for point in in_flash)
    assert smallest.flash_bytes == min(point.flash_bytes for point in front.points)
    assert [point.time for point in front.points] == sorted(point.time for point in front.points)


def test_front_is_what_nobody_dominates(front: Front) -> None:
    for point in front.points:
        better = [
            other
            for other in front.points
            if other.ram_bytes <= point.ram_bytes
            and other.flash_bytes <= point.flash_bytes
            and other.time <= point.time
            and (other.ram_bytes, other.flash_bytes, other.time)
            != (point.ram_bytes, point.flash_bytes, point.time)
        ]
        assert point.on_front == (not better), point.label


def test_picture(front: Front) -> None:
    marked = replace(
        front, model="a <b> & c", points=(replace(front.points[0], on_front=False), *front.points)
    )
    space = "{http://www.w3.org/2000/svg}"
    root = ElementTree.fromstring(svg(marked))
    circles = root.findall(f"{space}circle")
    assert len(circles) == len(marked.points)
    assert [circle.get("class") for circle in circles].count("behind") >= 1
    texts = root.findall(f"{space}text")
    assert any((text.text or "").startswith("a <b> & c on nucleo-l4r5zi") for text in texts)
    labels = sorted(float(text.get("y", "")) for text in texts if ", flash " in (text.text or ""))
    assert all(low + 14.9 <= high for low, high in pairwise(labels))
    width, height = (float(root.get(side, "")) for side in ("width", "height"))
    for circle in circles:
        assert 0 < float(circle.get("cx", "")) < width
        assert 0 < float(circle.get("cy", "")) < height


def test_cores_without_a_timing_model_are_compared_by_instructions() -> None:
    front = pareto(load(DIGITS), Options(board("nucleo-g0b1re")), budgets=0)
    assert all(point.cycles is None and point.time == point.instructions for point in front.points)
    assert "instructions" in svg(front)


def test_the_host_has_no_front() -> None:
    with pytest.raises(UsageError, match="needs a device board"):
        pareto(load(DIGITS), Options(board("host")))
