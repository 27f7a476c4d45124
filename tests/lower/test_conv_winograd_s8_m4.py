# SPDX-License-Identifier: Apache-2.0
"""Exact Winograd convolutions against their meaning: on the emulated board, and the C form on this computer."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pytest
from tests.lower.convolutions import Convolution, convolutions

from milliwatt.ir import DType, Graph, Quant, TensorType
from milliwatt.lower import conv_winograd_s8_m4 as rule
from milliwatt.lower.lowering import lower
from milliwatt.lower.site import Site, site_of
from milliwatt.lower.winograd_strips import WinogradStrips, winograd_strips
from milliwatt.ops import Numerics
from milliwatt.ops.conv_2d import axes
from milliwatt.passes import optimise
from milliwatt.targets import board
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.differential import compare

BOARD = "nucleo-l4r5zi"
KERNEL = "mw_conv_winograd_s8_m4"
WINDOW = (3, 3)


def signed(
    size: tuple[int, int, int], filters: int, *, deviation: float = 30.0, spread: float = 2.0
) -> Convolution:
    """A convolution whose outputs are positive and negative."""
    return Convolution(
        size, filters, WINDOW, zero=(3, 5), activation="NONE", deviation=deviation, spread=spread
    )


CASES = {
    "whole_tiles": Convolution((8, 16, 8), 4, WINDOW),
    "one_tile": Convolution((2, 4, 4), 4, WINDOW),
    "less_than_a_tile": Convolution((1, 3, 4), 2, WINDOW),
    "one_column_more": Convolution((6, 9, 8), 4, WINDOW),
    "two_columns_more": Convolution((4, 10, 12), 2, WINDOW),
    "one_column_less": Convolution((6, 7, 8), 8, WINDOW),
    "odd_rows": Convolution((7, 8, 4), 4, WINDOW),
    "odd_both": signed((9, 5, 8), 6),
    "valid": Convolution((9, 11, 8), 4, WINDOW, padding="VALID"),
    "valid_even": Convolution((8, 10, 4), 4, WINDOW, padding="VALID", zero=(3, 5), activation="NONE"),
    "many_channels": Convolution((4, 4, 64), 4, WINDOW),
    "odd_turns": signed((4, 5, 44), 4),
    "extreme_zeros": Convolution((5, 6, 8), 4, WINDOW, zero=(127, -128)),
    "large_weights": Convolution((5, 9, 24), 4, WINDOW, deviation=300),
    "large_signed_weights": signed((5, 9, 24), 4, deviation=300),
    "wide_scales": Convolution((4, 6, 8), 8, WINDOW, spread=6),
    "equal_scales": signed((4, 6, 8), 8, spread=0),
}

Choice = Callable[[WinogradStrips], bool]

CHOICES: dict[str, Choice] = {
    "whole_image_two_filters": lambda way: way.rows == way.tiles_down and way.filters == 2,
    "whole_image_four_filters": lambda way: way.rows == way.tiles_down and way.filters == 4,
    "one_row_two_filters": lambda way: way.rows == 1 and way.filters == 2,
    "one_row_four_filters": lambda way: way.rows == 1 and way.filters == 4,
    "uneven_strips": lambda way: way.tiles_down % way.rows != 0,
}


@pytest.fixture
def choose(monkeypatch: pytest.MonkeyPatch) -> Callable[[Choice], None]:
    """Makes the rule take the ways of a kind, however slow they are."""

    def only(choice: Choice) -> None:
        def fitting(ways: Iterable[WinogradStrips], *, room: int) -> list[WinogradStrips]:
            return [way for way in ways if choice(way) and way.scratch <= room][:1]

        monkeypatch.setattr(rule, "worthwhile", fitting)
        monkeypatch.setattr(rule, "_CYCLES_BY_DOT_PRODUCTS", 1e6)

    return only


def agree(graph: Graph, numerics: Numerics = Numerics.LITERT) -> None:
    compare(
        graph,
        samples=2,
        numerics=numerics,
        boards=(BOARD,),
        implementations=("host", "emulator"),
        optimize="speed",
    )


def kernels(graph: Graph, optimize: str = "speed", numerics: Numerics = Numerics.LITERT) -> list[str]:
    program = lower(graph, core=board(BOARD).core, numerics=numerics, optimize=optimize)
    return [call.kernel for call in program.calls]


@pytest.mark.parametrize("numerics", [Numerics.TFLM, Numerics.FAST], ids=lambda numerics: numerics.value)
@pytest.mark.parametrize("choice", CHOICES.values(), ids=CHOICES)
def test_equals_the_meaning(choice: Choice, numerics: Numerics, choose: Callable[[Choice], None]) -> None:
    choose(choice)
    graph = convolutions(CASES)
    assert KERNEL in kernels(graph, numerics=numerics)
    agree(graph, numerics)


@pytest.mark.parametrize("numerics", Numerics, ids=lambda numerics: numerics.value)
def test_all_cases_take_the_assembly(numerics: Numerics, choose: Callable[[Choice], None]) -> None:
    choose(CHOICES["whole_image_two_filters"])
    assert kernels(convolutions(CASES), numerics=numerics) == [KERNEL] * len(CASES)


def test_equals_litert() -> None:
    graph = convolutions({"case": signed((12, 12, 16), 16)}, seed=1)
    assert kernels(graph) == [KERNEL]
    compare(graph, samples=3, boards=(BOARD,), implementations=("litert", "emulator"), optimize="speed")


PADDINGS = {
    "above": (1, 0, 0, 0),
    "below": (0, 1, 0, 0),
    "left": (0, 0, 1, 0),
    "right": (0, 0, 0, 1),
    "two_before": (2, 0, 2, 0),
    "two_all_round": (2, 2, 2, 2),
    "three_behind": (0, 3, 0, 3),
    "wider_than_the_image": (9, 9, 9, 9),
}


def padded(amounts: Iterable[tuple[int, int, int, int]]) -> Graph:
    """A PAD before each convolution, which a pass moves into the window."""
    build = GraphBuilder(np.random.default_rng(0), max_elements=1 << 20)
    quant = Quant((0.0625,), (-9,))
    for top, bottom, left, right in amounts:
        data = build.input(TensorType(DType.INT8, (1, 5, 6, 8), quant))
        table = build.constant(np.array([[0, 0], [top, bottom], [left, right], [0, 0]], np.int32))
        (bigger,) = build.node("PAD", (data, table), dtype=DType.INT8, quant=quant)
        build.node(
            "CONV_2D",
            (bigger, build.weights((4, 3, 3, 8), DType.INT8, channels=4), None),
            attrs={"padding": "VALID"},
            dtype=DType.INT8,
            quant=Quant((0.5,), (3,)),
        )
    return optimise(build.graph(), Numerics.LITERT)


@pytest.mark.parametrize("choice", CHOICES.values(), ids=CHOICES)
def test_explicit_padding(choice: Choice, choose: Callable[[Choice], None]) -> None:
    choose(choice)
    graph = padded(PADDINGS.values())
    assert set(kernels(graph)) >= {KERNEL}
    agree(graph)


UNMATCHED = {
    "odd_filters": Convolution((8, 8, 8), 5, WINDOW),
    "channels_not_in_fours": Convolution((8, 8, 6), 4, WINDOW),
    "stride": Convolution((8, 8, 8), 4, WINDOW, (2, 2)),
    "larger_window": Convolution((8, 8, 8), 4, (5, 3)),
    "clamped_above_the_least": Convolution((8, 8, 8), 4, WINDOW, zero=(0, 5)),
    "clamped_on_both_sides": Convolution((8, 8, 8), 4, WINDOW, zero=(0, 5), activation="RELU_N1_TO_1"),
}


def site(case: Convolution, optimize: str = "speed") -> Site:
    graph = convolutions({"case": case})
    return site_of(graph, graph.nodes[0], core=board(BOARD).core, numerics=Numerics.LITERT, optimize=optimize)


@pytest.mark.parametrize("case", UNMATCHED.values(), ids=UNMATCHED)
def test_other_shapes_are_left_to_other_kernels(case: Convolution) -> None:
    assert not rule.matches(site(case))


@pytest.mark.parametrize("board_name", ["nucleo-f207zg", "raspberry-pi-pico", "nucleo-l4r5zi"])
def test_only_cores_with_fpu_and_dsp(board_name: str) -> None:
    graph = convolutions({"case": Convolution((8, 8, 16), 16, WINDOW)})
    core = board(board_name).core
    found = site_of(graph, graph.nodes[0], core=core, numerics=Numerics.LITERT, optimize="speed")
    assert rule.matches(found) == (core.dsp and core.fpu)


def test_small_layers_are_left_to_dot_products() -> None:
    """A tile of 2x4 outputs is wasted on one pixel, and filters are not transformed for one tile."""
    assert list(rule.candidates(site(Convolution((1, 1, 16), 16, WINDOW)))) == []
    assert list(rule.candidates(site(Convolution((32, 32, 16), 16, WINDOW)))) != []


def test_sums_beyond_their_bound_are_left_to_other_kernels() -> None:
    """Jumps scale sums by 256, so they must stay within 24 bits."""
    loud = signed((16, 16, 96), 8, deviation=3000)
    quiet = signed((16, 16, 96), 8)
    assert rule.matches(site(loud))
    assert list(rule.candidates(site(loud))) == []
    assert list(rule.candidates(site(quiet))) != []


def test_scratch_keeps_to_what_is_wanted() -> None:
    """More scratch only buys speed; "ram" takes none that the graph's largest node has no use for."""
    case = Convolution((32, 32, 16), 16, WINDOW)
    fastest = [calls[0].scratch[0].bytes for calls in rule.candidates(site(case))]
    assert fastest == sorted(fastest, reverse=True)
    room = 3 * 32 * 32 * 16 // 2
    assert all(calls[0].scratch[0].bytes <= room for calls in rule.candidates(site(case, "balanced")))
    assert list(rule.candidates(site(case, "ram"))) == []


def test_scratch_of_a_small_layer_beside_a_large_one_is_free() -> None:
    cases = {"large": Convolution((64, 64, 16), 2), "small": Convolution((16, 16, 16), 16, WINDOW)}
    graph = convolutions(cases)
    assert KERNEL in kernels(graph, "ram")


@pytest.mark.parametrize("size", [(32, 16), (16, 32), (8, 64)], ids=str)
def test_estimates_prefer_higher_strips(size: tuple[int, int]) -> None:
    """The taps are transformed once a strip, so at the same number of filters fewer strips cost less."""
    found = site(Convolution((size[0], size[0], size[1]), size[1], WINDOW))
    rows, columns = axes(found.signature)
    ways = [way for way in winograd_strips(rows, columns, in_c=size[1], out_c=size[1]) if way.filters == 2]
    even = [way for way in ways if way.tiles_down % way.rows == 0]
    assert [way.cycles for way in even] == sorted((way.cycles for way in even), reverse=True)
