# SPDX-License-Identifier: Apache-2.0
"""What `inspect` says of the transposes that are left."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from milliwatt.cli import main
from milliwatt.ir import DType, Graph
from milliwatt.passes.layout import assign_layouts
from milliwatt.passes.layout.report import RemainingTranspose, remaining_transposes
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.channels_first import ChannelsFirst
from milliwatt.testing.tflite_writer import write


def image_in_and_out() -> Graph:
    net = ChannelsFirst(GraphBuilder(np.random.default_rng(2)), DType.INT8)
    net.op("RELU", (net.conv(net.op("RELU6", (net.image((1, 3, 4, 5)),)), 2),))
    return net.build.graph("image_in_and_out")


def test_reasons_name_both_ends() -> None:
    left = remaining_transposes(assign_layouts(image_in_and_out()))
    assert [entry.bytes for entry in left] == [60, 40]
    assert left[0].reason == (
        "the input input_0 gives [1, 3, 4, 5], CONV_2D (node 2: CONV_2D) reads [1, 4, 5, 3]"
    )
    assert left[1].reason == (
        "CONV_2D (node 2: CONV_2D) gives [1, 4, 5, 2], the output value_4_0 reads [1, 2, 4, 5]"
    )


def test_inspect_reports_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "image.tflite"
    path.write_bytes(write(image_in_and_out()))
    with pytest.raises(SystemExit):
        main(["inspect", str(path), "--optimised", "--json"])
    found = json.loads(capsys.readouterr().out)["transposes"]
    assert [RemainingTranspose(**entry).bytes for entry in found] == [60, 40]
    with pytest.raises(SystemExit):
        main(["inspect", str(path), "--optimised"])
    assert "2 transposes are left, which move 100 bytes" in capsys.readouterr().out
