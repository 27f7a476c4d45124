# SPDX-License-Identifier: Apache-2.0
"""PyTorch's element types and tensors as ours."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.errors import UnsupportedError
from milliwatt.importers.torch.framework import torch
from milliwatt.ir import DType

Array = npt.NDArray[Any]

_WIDE_FLOATS = ("float64", "float16", "bfloat16")


def element_type(dtype: Any, *, where: str) -> DType:
    """The element type of a tensor that is computed when the model runs.

    Raises:
        UnsupportedError: a microcontroller has no such numbers.
    """
    name = str(dtype).removeprefix("torch.")
    try:
        return DType(name)
    except ValueError:
        hint = "convert the model with module.float() and export it again" if name in _WIDE_FLOATS else ""
        raise UnsupportedError(f"tensors of {name} are not supported", where=where, hint=hint) from None


def array_of(tensor: Any, *, where: str) -> Array:
    """A constant tensor as an array; floats of any width become float32.

    Raises:
        UnsupportedError: its element type has no counterpart.
    """
    framework = torch()
    if tensor.is_floating_point():
        tensor = tensor.to(framework.float32)
    element_type(tensor.dtype, where=where)
    return np.array(tensor.detach().cpu().contiguous().numpy())
