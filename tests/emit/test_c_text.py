# SPDX-License-Identifier: Apache-2.0
"""Identifiers, literals and comments of C."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milliwatt.emit import c_text
from milliwatt.errors import UsageError

PREFIXES = {
    "kws_int8": "kws_int8",
    "My Model (v2)": "my_model_v2",
    "2nd": "model_2nd",
    "int": "model_int",
    "mw_x": "model_mw_x",
    "Δ": "model",
    "a__b": "a_b",
}


@pytest.mark.parametrize(("stem", "expected"), PREFIXES.items())
def test_prefix_of_a_file_name(stem: str, expected: str) -> None:
    assert c_text.prefix(stem) == expected


@given(st.text(max_size=60))
def test_any_file_name_gives_a_prefix_that_would_be_accepted(stem: str) -> None:
    assert c_text.checked_prefix(c_text.prefix(stem)[:41].rstrip("_"))


@pytest.mark.parametrize("name", ["", "1a", "a b", "while", "mw_conv", "a__b", "x" * 42, "a;int b"])
def test_bad_prefix_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        c_text.checked_prefix(name)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_floats_read_back_exactly(value: float) -> None:
    assert np.float32(c_text.floating(value).removesuffix("f")) == np.float32(value)


def test_infinities_are_quotients() -> None:
    assert c_text.floating(float("inf")) == "(1.0f / 0.0f)"
    assert c_text.floating(float("-inf")) == "(-1.0f / 0.0f)"


def test_nan_is_refused() -> None:
    with pytest.raises(ValueError, match="no literal"):
        c_text.floating(float("nan"))


def test_extreme_integers() -> None:
    assert c_text.integer(-(2**31)) == "(-2147483647 - 1)"
    assert c_text.integer(2**31) == "2147483648LL"
    assert c_text.integer(-(2**63)) == "(-9223372036854775807LL - 1)"


@given(st.text())
def test_comments_cannot_be_left(text: str) -> None:
    safe = c_text.comment(text)
    assert "*/" not in safe
    assert "\n" not in safe
    assert safe.isascii()
