# SPDX-License-Identifier: Apache-2.0
"""Tables speak of layers in the words of the user's model, whatever the framework."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from milliwatt.cli import main
from milliwatt.cli.layer_names import LONGEST, cut, layer_name, layer_names, place_name


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("net.py:14 x = self.features(image) (features.0)", "features.0"),
        ("net.py:15 x = x.mean((2, 3))", "net.py:15 x = x.mean((2, 3))"),
        ("net.py:15 return (x)", "net.py:15 return (x)"),
        ("net.py:15 y = a * (x)", "net.py:15 y = a * (x)"),
        ("net.py:15 x = x + self.c(x) (c)", "c"),
        ("net.py:3 f(x) (a.0) + net.py:3 f(x) (a.1) + RELU", "a.0 + a.1 + RELU"),
        ('Conv2D "stem" + BatchNormalization "bn" + RELU', "stem + bn + RELU"),
        ('node 0: Conv "/features/features.0/Conv" + RELU', "/features/features.0/Conv + RELU"),
        ('node 4: ADD "block/add [1]"', "block/add [1]"),
        ("node 7: ADD", "node 7: ADD"),
        ("", ""),
    ],
)
def test_the_users_words(source: str, name: str) -> None:
    assert layer_name(source) == name


def test_one_name_stands_once() -> None:
    assert layer_name('Dense "scores" + Dense "scores"') == "scores"


def test_a_place_has_its_line() -> None:
    assert place_name("net.py:14 x = self.features(image) (features.0)") == "net.py:14 features.0"
    assert place_name('Conv2D "stem"') == "stem"


def test_long_names_lose_their_middle() -> None:
    text = "functional_1/" + "block/" * 20 + "conv2d"
    short = cut(text)
    assert len(short) == LONGEST
    assert short.startswith("functional_1/")
    assert short.endswith("/conv2d")
    assert cut(text[:LONGEST]) == text[:LONGEST]


def test_what_passes_add_is_named_after_the_layer() -> None:
    steps = [
        ("order of transpose.3", ["image"], ["a"]),
        ('Conv2D "stem"', ["a"], ["b"]),
        ("order of x", ["b"], ["c"]),
        ("shape of y", ["c"], ["d"]),
    ]
    assert layer_names(steps) == ["order of image", "stem", "order of stem", "shape of stem"]


NET = '''
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())

    def forward(self, image):
        return self.features(image).mean((2, 3))


def net():
    """image: 1x3x8x8"""
    return Net()
'''


def test_inspect_shows_modules_and_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "net.py").write_text(NET)
    with pytest.raises(SystemExit):
        main(["inspect", f"{tmp_path / 'net.py'}:net", "--optimised"])
    text = capsys.readouterr().out
    assert "net.py:12 features.0 + RELU" in text
    assert "order of image" in text
    with pytest.raises(SystemExit):
        main(["inspect", f"{tmp_path / 'net.py'}:net", "--json"])
    nodes = json.loads(capsys.readouterr().out)["nodes"]
    assert all(node["source"].startswith("net.py:12 ") for node in nodes)
