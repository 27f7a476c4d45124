# SPDX-License-Identifier: Apache-2.0
"""Arm Cortex-M7 (Armv7E-M, single-precision FPU).

It issues two instructions per cycle from caches or tightly coupled memory; no timing model has been
validated: instructions are given, cycles are not. The FPU is declared as single precision, so that code
for it also runs on the parts that have no double precision.
"""

from milliwatt.targets.core_registry import Core

CORE = Core(
    name="cortex-m7",
    title="Arm Cortex-M7 (Armv7E-M, FPv5 single precision)",
    isa="thumb",
    dsp=True,
    fpu=True,
    unaligned=True,
    clang=("-target", "thumb-freestanding-eabihf", "-mcpu=cortex_m7+fp_armv8d16sp"),
    gcc=("-mcpu=cortex-m7", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv5-sp-d16"),
    emulator="UC_CPU_ARM_CORTEX_M7",
    qemu="mps2-an500",
)
