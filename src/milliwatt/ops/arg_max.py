# SPDX-License-Identifier: Apache-2.0
"""ARG_MAX: the index of the first largest element along a dimension."""

from __future__ import annotations

import numpy as np

from milliwatt.ops.arg_extreme import arg_extreme

OPERATOR = arg_extreme("ARG_MAX", "largest", np.greater)
