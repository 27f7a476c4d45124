# SPDX-License-Identifier: Apache-2.0
"""The result of emission: two C files, the manifest, and what a runner must know of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from milliwatt.plan.layout import Plan


@dataclass(frozen=True)
class Emitted:
    """What a build makes.

    Attributes:
        name: the C prefix.
        header, source: the text of NAME.h and NAME.c.
        manifest: the content of NAME.json.
        plan: the plan that was emitted.
        step_functions: for each call in order, the C function (static, never inlined) that the run
            function calls for it, exactly once and in this order.
    """

    name: str
    header: str
    source: str
    manifest: Mapping[str, Any]
    plan: Plan
    step_functions: tuple[str, ...]

    @property
    def stateful(self) -> bool:
        """Whether NAME_init must be called before the first run."""
        return bool(self.plan.states)

    @property
    def run_function(self) -> str:
        """``int32_t NAME_run(void *arena)``: 0, or negative on error."""
        return f"{self.name}_run"

    @property
    def init_function(self) -> str:
        """``int32_t NAME_init(void *arena)``, only when `stateful`."""
        return f"{self.name}_init"
