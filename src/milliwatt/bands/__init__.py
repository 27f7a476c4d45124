# SPDX-License-Identifier: Apache-2.0
"""Bands of rows: consecutive layers run on a few rows at a time, so that no value between them is ever whole."""

from milliwatt.bands.cut import Cut
from milliwatt.bands.naming import layer_of
from milliwatt.bands.region import Region, regions
from milliwatt.bands.rewrite import in_bands

__all__ = ["Cut", "Region", "in_bands", "layer_of", "regions"]
