# SPDX-License-Identifier: Apache-2.0
"""RISC-V RV32IMC. No timing model has been validated: instructions are given, cycles are not."""

from milliwatt.targets.core_registry import Core

CORE = Core(
    name="rv32imc",
    title="RISC-V RV32IMC",
    isa="riscv32",
    dsp=False,
    fpu=False,
    unaligned=False,
    clang=("-target", "riscv32-freestanding", "-mcpu=generic_rv32+m+c"),
    emulator="UC_CPU_RISCV32_ANY",
)
