# SPDX-License-Identifier: Apache-2.0
"""No damage: each file of the corpus in turn, for files that are made to be a burden."""

from __future__ import annotations

from collections.abc import Sequence


def mutated(corpus: Sequence[bytes], seed: int) -> tuple[str, bytes]:
    """The file whose number is the seed."""
    return f"file {seed}", corpus[seed]
