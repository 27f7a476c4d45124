# SPDX-License-Identifier: Apache-2.0
"""The Python of the guide to models prints what the guide says."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "models.md"


def test_the_example_works_as_written() -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed (the extra train)")
    blocks = re.findall(r"```python\n(>>> .*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    assert blocks
    for number, block in enumerate(blocks):
        example = doctest.DocTestParser().get_doctest(block, {}, f"block {number}", GUIDE.name, 0)
        said: list[str] = []
        outcome = doctest.DocTestRunner().run(example, out=said.append)
        assert outcome.attempted > 0
        assert outcome.failed == 0, "".join(said)
