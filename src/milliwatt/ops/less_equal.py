# SPDX-License-Identifier: Apache-2.0
"""LESS_EQUAL: x ≤ y, broadcast."""

from __future__ import annotations

import numpy as np

from milliwatt.ops.comparison import comparison

OPERATOR = comparison("LESS_EQUAL", "≤", np.less_equal)
