# SPDX-License-Identifier: Apache-2.0
"""Value names are printable, never empty and never twice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from milliwatt.ir.naming import unique_names


def test_examples() -> None:
    assert unique_names(["a", "", "a", "a.1", "b\nc", "a", ""]) == (
        "a",
        "tensor_1",
        "a.1",
        "a.1.1",
        "b?c",
        "a.2",
        "tensor_6",
    )


@given(st.lists(st.text(alphabet="ab.1\n", max_size=4)))
def test_rule(names: list[str]) -> None:
    unique = unique_names(names)
    assert len(set(unique)) == len(unique) == len(names)
    assert all(name and name.isprintable() for name in unique)


@given(st.lists(st.text(alphabet="ab.1", max_size=4)), st.lists(st.text(max_size=3)))
def test_later_tensors_do_not_rename_earlier_ones(names: list[str], more: list[str]) -> None:
    assert unique_names(names + more)[: len(names)] == unique_names(names)
