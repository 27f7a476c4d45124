# SPDX-License-Identifier: Apache-2.0
"""Arm Cortex-M3 (Armv7-M). No timing model has been validated: instructions are given, cycles are not."""

from milliwatt.targets.core_registry import Core

CORE = Core(
    name="cortex-m3",
    title="Arm Cortex-M3 (Armv7-M)",
    isa="thumb",
    dsp=False,
    fpu=False,
    unaligned=True,
    clang=("-target", "thumb-freestanding-eabi", "-mcpu=cortex_m3"),
    gcc=("-mcpu=cortex-m3", "-mthumb", "-mfloat-abi=soft"),
    emulator="UC_CPU_ARM_CORTEX_M3",
    qemu="mps2-an385",
)
