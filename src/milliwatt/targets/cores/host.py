# SPDX-License-Identifier: Apache-2.0
"""The computer that milliwatt runs on: for comparing results, never for measuring."""

from milliwatt.targets.core_registry import Core

CORE = Core(
    name="host",
    title="the computer that milliwatt runs on",
    isa="host",
    dsp=False,
    fpu=True,
    unaligned=True,
    clang=(),
)
