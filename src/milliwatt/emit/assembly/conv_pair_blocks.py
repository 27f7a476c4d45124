# SPDX-License-Identifier: Apache-2.0
"""Convolution by blocks of pairs of pixels."""

from __future__ import annotations

from milliwatt.emit.assembly.conv_blocks import Blocks
from milliwatt.emit.assembly.conv_pairs import Pairs


class PairBlocks(Blocks, Pairs):
    """Some pairs of pixels at a time."""
