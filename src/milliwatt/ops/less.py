# SPDX-License-Identifier: Apache-2.0
"""LESS: x < y, broadcast."""

from __future__ import annotations

import numpy as np

from milliwatt.ops.comparison import comparison

OPERATOR = comparison("LESS", "<", np.less)
