# SPDX-License-Identifier: Apache-2.0
"""GREATER: x > y, broadcast."""

from __future__ import annotations

import numpy as np

from milliwatt.ops.comparison import comparison

OPERATOR = comparison("GREATER", ">", np.greater)
