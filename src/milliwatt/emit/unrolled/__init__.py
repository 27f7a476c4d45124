# SPDX-License-Identifier: Apache-2.0
"""Kernels whose constant tables are emitted as C code instead of data, found by walking this package.

A module named like a kernel without its ``mw_`` has ``function(name, call)``: the text of a static function, and of
what it needs, that does what the kernel does with the call's parameters and tables. It takes the call's arguments in
order without the tables. The kernel's own form in runtime/kernels reads the tables; it says what the code means, and
the code is tested against it.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
from collections.abc import Callable
from typing import cast

from milliwatt.lower.program import KernelCall

Unrolled = Callable[[str, KernelCall], str]


@functools.cache
def unrolled(kernel: str) -> Unrolled | None:
    """The function that writes the code of a kernel's calls; None where tables stay data."""
    name = f"{__name__}.{kernel.removeprefix('mw_')}"
    if importlib.util.find_spec(name) is None:
        return None
    return cast(Unrolled, importlib.import_module(name).function)
