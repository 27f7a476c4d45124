# SPDX-License-Identifier: Apache-2.0
"""Arm Cortex-M33 (Armv8-M Mainline with DSP and FPU). No timing model has been validated."""

from milliwatt.targets.core_registry import Core

CORE = Core(
    name="cortex-m33",
    title="Arm Cortex-M33 (Armv8-M Mainline, DSP, FPv5 single precision)",
    isa="thumb",
    dsp=True,
    fpu=True,
    unaligned=True,
    clang=("-target", "thumb-freestanding-eabihf", "-mcpu=cortex_m33+fp_armv8d16sp"),
    gcc=("-mcpu=cortex-m33", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv5-sp-d16"),
    emulator="UC_CPU_ARM_CORTEX_M33",
    qemu="mps2-an505",
)
