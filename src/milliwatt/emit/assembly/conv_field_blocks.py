# SPDX-License-Identifier: Apache-2.0
"""Convolution by blocks of groups of three pixels."""

from __future__ import annotations

from milliwatt.emit.assembly.conv_blocks import Blocks
from milliwatt.emit.assembly.conv_fields import Fields


class FieldBlocks(Blocks, Fields):
    """Some groups of three pixels at a time."""
