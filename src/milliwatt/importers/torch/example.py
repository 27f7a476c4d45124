# SPDX-License-Identifier: Apache-2.0
"""Example inputs of a module, as the tensors that torch.export wants."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from milliwatt.errors import UsageError
from milliwatt.importers.torch.framework import torch


def tensors(module: Any, example: object) -> tuple[Any, ...]:
    """Example inputs as tensors in the order of forward's arguments.

    Args:
        module: the torch.nn.Module.
        example: a tensor or NumPy array, several in order, or several by name ("" for the first).

    Raises:
        UsageError: there are none, they are neither tensors nor arrays, or forward takes no such argument.
    """
    framework = torch()
    if isinstance(example, Mapping):
        items = [example[name] for name in _in_order(module, example)]
    else:
        items = list(example) if isinstance(example, tuple | list) else [example]
    found = [framework.from_numpy(item) if isinstance(item, np.ndarray) else item for item in items]
    if not found or not all(isinstance(item, framework.Tensor) for item in found):
        raise UsageError(
            "a PyTorch module needs example inputs, whose shapes become the model's",
            where=type(module).__name__,
            hint="milliwatt.load(module, torch.zeros(1, 3, 32, 32)); --input-shape 1x3x32x32 on the command line",
        )
    return tuple(found)


def _in_order(module: Any, example: Mapping[str, object]) -> list[str]:
    arguments = list(inspect.signature(module.forward).parameters)
    unknown = [name for name in example if name and name not in arguments]
    if unknown:
        raise UsageError(
            f'forward takes no argument "{unknown[0]}"',
            where=type(module).__name__,
            hint=f"it takes {', '.join(arguments)}",
        )
    return [name for name in ("", *arguments) if name in example]
