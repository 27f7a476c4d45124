# SPDX-License-Identifier: Apache-2.0
"""NOT_EQUAL: x ≠ y, broadcast."""

from __future__ import annotations

import numpy as np

from milliwatt.ops.comparison import comparison

OPERATOR = comparison("NOT_EQUAL", "≠", np.not_equal)
