# SPDX-License-Identifier: Apache-2.0
"""Generated assembly of convolutions against their meaning: on the emulated board, and its C form on this computer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources

import pytest
from tests.lower.convolutions import Convolution, convolutions

from milliwatt.emit.assembly.conv_geometry import HELD, REST
from milliwatt.lower import conv_s8_m4
from milliwatt.lower.conv_layout import ConvLayout, Weights
from milliwatt.lower.conv_s8_m4 import FORMS, candidates, layouts, matches
from milliwatt.lower.lowering import lower
from milliwatt.lower.patch_bands import GEOMETRY
from milliwatt.lower.site import Site, site_of
from milliwatt.ops import Numerics
from milliwatt.targets import board
from milliwatt.testing.differential import compare

BOARD = "nucleo-l4r5zi"
PAIRS, FIELDS = "mw_conv_pairs_s8_m4", "mw_conv_fields_s8_m4"
SIGNED = {"zero": (3, 5), "activation": "NONE"}

CASES = {
    "whole_words": Convolution((5, 4, 16), 8),
    "odd_channels": Convolution((3, 4, 19), 8),
    "three_channels": Convolution((4, 4, 3), 4),
    "one_channel": Convolution((4, 3, 1), 5),
    "odd_pixels": Convolution((5, 5, 8), 8),
    "one_pixel": Convolution((2, 1, 8), 8, stride=(2, 1)),
    "odd_filters": Convolution((4, 4, 12), 7),
    "two_filters": Convolution((4, 4, 12), 2),
    "many_channels": Convolution((3, 2, 150), 4),
    "pointwise_stride": Convolution((7, 9, 8), 4, stride=(2, 2)),
    "negative_outputs": Convolution((4, 5, 24), 9, **SIGNED),
    "padded": Convolution((6, 6, 4), 4, (3, 3)),
    "padded_odd_width": Convolution((6, 5, 4), 6, (3, 3)),
    "padded_three_channels": Convolution((9, 11, 3), 8, (3, 3), (2, 2)),
    "padded_one_channel": Convolution((15, 10, 1), 8, (10, 4), (2, 2), zero=(83, -128)),
    "padded_long_rows": Convolution((4, 5, 20), 4, (5, 3)),
    "padding_only_below": Convolution((5, 4, 4), 4, (2, 1)),
    "window_beyond_image": Convolution((2, 2, 4), 4, (5, 5)),
    "valid": Convolution((7, 8, 6), 4, (3, 2), (2, 1), "VALID"),
    "valid_skips_columns": Convolution((5, 11, 4), 4, (1, 2), (1, 4), "VALID"),
    "signed_window": Convolution((6, 7, 5), 7, (3, 3), **SIGNED),
    "equal_scales": Convolution((4, 4, 8), 8, spread=0),
    "wide_scales": Convolution((4, 4, 8), 8, spread=6),
    "extreme_zeros": Convolution((4, 5, 8), 4, (3, 3), zero=(127, -128)),
    "ragged_last_pixels": Convolution((5, 7, 5), 6, (2, 3), padding="VALID"),
    "many_steps": Convolution((2, 2, 133), 5),
    "large_weights": Convolution((3, 3, 20), 4, (3, 3), deviation=200),
}


# What does not fit the three fields of 64 bits, or has outputs of both signs and is rounded twice.
NEEDS_PAIRS = {"padded_long_rows", "large_weights"}
NEEDS_JUMPS = {"negative_outputs", "signed_window"}


LAYOUTS = {
    "fields": (FIELDS, Weights.RAM, 1, False),
    "fields_of_one_shape": (FIELDS, Weights.RAM, 1, True),
    "fields_by_blocks": (FIELDS, Weights.QUAD, 3, False),
    "pairs": (PAIRS, Weights.RAM, 1, False),
    "pairs_in_place": (PAIRS, Weights.IN_PLACE, 1, False),
    "pairs_by_blocks": (PAIRS, Weights.QUAD, 4, False),
}


@pytest.fixture(params=LAYOUTS.values(), ids=LAYOUTS)
def kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The kernel of the only layout that lowering may take, where it fits."""
    wanted = request.param

    def only(site: Site) -> Iterator[ConvLayout]:
        for layout in layouts(site):
            if (layout.form.kernel, layout.weights, layout.block, layout.own) == wanted:
                yield layout

    monkeypatch.setattr(conv_s8_m4, "layouts", only)
    return str(wanted[0])


@pytest.mark.parametrize("numerics", Numerics, ids=lambda numerics: numerics.value)
def test_equals_the_meaning(kernel: str, numerics: Numerics) -> None:
    compare(
        convolutions(CASES),
        samples=2,
        numerics=numerics,
        boards=(BOARD,),
        implementations=("host", "emulator"),
        optimize="speed",
    )


@pytest.mark.parametrize("optimize", ["balanced", "ram"])
def test_equals_the_meaning_with_less_scratch(optimize: str) -> None:
    graph = convolutions(CASES, seed=2)
    compare(graph, samples=2, boards=(BOARD,), implementations=("host", "emulator"), optimize=optimize)


def test_equals_litert() -> None:
    compare(convolutions(CASES, seed=1), samples=2, boards=(BOARD,), implementations=("litert",))


@pytest.mark.parametrize("numerics", Numerics, ids=lambda numerics: numerics.value)
@pytest.mark.parametrize("form", [PAIRS, FIELDS])
def test_which_cases_fit_which_form(form: str, numerics: Numerics, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conv_s8_m4, "FORMS", tuple(one for one in FORMS if one.kernel == form))
    program = lower(convolutions(CASES), core=board(BOARD).core, numerics=numerics, optimize="speed")
    other = {name for name, call in zip(CASES, program.calls, strict=True) if call.kernel != form}
    jumps = set() if numerics is Numerics.FAST else NEEDS_JUMPS
    assert other == (set() if form == PAIRS else NEEDS_PAIRS | jumps)


def test_the_faster_form_is_taken_where_both_fit() -> None:
    cases = {
        "many_pixels": Convolution((24, 25, 16), 32),
        "one_pixel": Convolution((2, 1, 16), 32, stride=(2, 1)),
    }
    program = lower(convolutions(cases), core=board(BOARD).core, numerics=Numerics.LITERT, optimize="speed")
    assert [call.kernel for call in program.calls] == [FIELDS, PAIRS]


def test_layers_of_all_shapes_share_their_code() -> None:
    cases = {"padded": Convolution((6, 5, 3), 16, (3, 3)), "pointwise": Convolution((9, 25, 16), 15)}
    program = lower(convolutions(cases), core=board(BOARD).core, numerics=Numerics.FAST)
    first, second = program.calls
    assert (first.kernel, first.params) == (second.kernel, second.params)


def test_heights_are_not_in_the_weights() -> None:
    """Bands of one layer, which differ in height alone, share its weights, too."""
    cases = {f"{height}": Convolution((height, 9, 4), 8, (3, 3)) for height in (6, 8)}
    program = lower(convolutions(cases), core=board(BOARD).core, numerics=Numerics.FAST)
    tables = [{table.role: table.array for table in call.tables} for call in program.calls]
    assert tables[0]["weights"].shape == tables[1]["weights"].shape
    assert tables[0]["geometry"].tolist() != tables[1]["geometry"].tolist()


def test_the_geometry_has_one_order() -> None:
    header = resources.files("milliwatt.runtime").joinpath("include/mw_patches_s8.h").read_text("utf-8")
    struct = header.split("struct mw_patches {")[1].split("};")[0]
    fields = tuple(re.findall(r"int32_t (\w+);", struct))
    assert fields == GEOMETRY == HELD + REST


UNMATCHED = {
    "clamped_above_the_least": Convolution((4, 4, 8), 4, zero=(0, 5)),
    "clamped_on_both_sides": Convolution((4, 4, 8), 4, zero=(0, 5), activation="RELU_N1_TO_1"),
}


@pytest.mark.parametrize("case", UNMATCHED.values(), ids=UNMATCHED)
def test_other_output_ranges_are_left_to_other_kernels(case: Convolution) -> None:
    graph = convolutions({"case": case})
    site = site_of(
        graph, graph.nodes[0], core=board(BOARD).core, numerics=Numerics.LITERT, optimize="balanced"
    )
    assert not matches(site)


def test_sums_beyond_24_bits_are_left_to_other_kernels() -> None:
    graph = convolutions({"case": Convolution((2, 2, 1600), 2, deviation=2000)})
    site = site_of(graph, graph.nodes[0], core=board(BOARD).core, numerics=Numerics.LITERT, optimize="speed")
    assert matches(site)
    assert not list(candidates(site))


@pytest.mark.parametrize("optimize", ["speed", "balanced", "ram"])
def test_scratch_follows_what_is_wanted(optimize: str) -> None:
    graph = convolutions({"case": Convolution((8, 8, 64), 64)})
    program = lower(graph, core=board(BOARD).core, numerics=Numerics.LITERT, optimize=optimize)
    scratch = sum(argument.bytes for argument in program.calls[0].scratch)
    assert (scratch <= 2048) == (optimize == "ram")
