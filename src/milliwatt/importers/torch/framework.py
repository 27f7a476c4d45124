# SPDX-License-Identifier: Apache-2.0
"""PyTorch itself, imported when it is needed and not before."""

from __future__ import annotations

import functools
import re
from typing import Any

from milliwatt.errors import ToolchainError

OLDEST, NEWEST = (2, 6), (2, 13)
"""The releases that the importer is written for: the extra `train` of the package."""


@functools.cache
def torch() -> Any:
    """The module torch.

    Raises:
        ToolchainError: PyTorch is not installed, or is of a release that the importer does not know.
    """
    try:
        import torch as framework
    except ImportError as error:
        raise ToolchainError(
            "PyTorch models need PyTorch, which is not installed", hint="pip install milliwatt[train]"
        ) from error
    version = re.match(r"(\d+)\.(\d+)", framework.__version__)
    release = (int(version[1]), int(version[2])) if version else (0, 0)
    if not OLDEST <= release <= NEWEST:
        raise ToolchainError(
            f"PyTorch {framework.__version__} is not supported, only 2.6 to 2.13",
            hint="pip install 'milliwatt[train]'",
        )
    return framework
