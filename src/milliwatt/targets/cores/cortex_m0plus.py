# SPDX-License-Identifier: Apache-2.0
"""Arm Cortex-M0+ (Armv6-M). No timing model has been validated: instructions are given, cycles are not."""

from milliwatt.targets.core_registry import Core

CORE = Core(
    name="cortex-m0plus",
    title="Arm Cortex-M0+ (Armv6-M)",
    isa="thumb",
    dsp=False,
    fpu=False,
    unaligned=False,
    clang=("-target", "thumb-freestanding-eabi", "-mcpu=cortex_m0plus"),
    gcc=("-mcpu=cortex-m0plus", "-mthumb", "-mfloat-abi=soft"),
    emulator="UC_CPU_ARM_CORTEX_M0",
    qemu="mps2-an385",  # Armv6-M is a subset; unaligned accesses are made to trap
)
