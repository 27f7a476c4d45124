# SPDX-License-Identifier: Apache-2.0
"""Arm Cortex-M4 with FPU (Armv7E-M), with the timing rules that were checked against silicon.

The rules price basic blocks that an emulator counted. They were compared with cycle counts measured by
others on STM32F4 and STM32L4 boards at zero flash wait states: AES in assembly (Schwabe and Stoffels,
"All the AES you need on Cortex-M3 and M4"), polynomial multiplication (polymul-z2mx), the benchmark table
of pqm4 (ML-KEM, ML-DSA, BIKE, MAYO, …) and X25519.
"""

from __future__ import annotations

from milliwatt.targets.core_registry import Core
from milliwatt.targets.timing import Counted, Rule, Site, TimingModel

_UNCHECKED = "not checked against silicon: no measured program uses it enough"
_SKIPPED = "an instruction that its IT block skips costs 1 cycle, but is priced as if it were executed"


def _independent_load_before(site: Site) -> bool:
    """Whether the previous instruction is an LDR that does not produce this one's address."""
    previous = site.previous
    return (
        previous is not None
        and previous.kind == "load"
        and not previous.writes & site.instruction.address_registers
    )


def _if_then(site: Site) -> float | None:
    return 0.0 if site.instruction.kind == "if_then" else None


def _divide(site: Site) -> float | None:
    return 7.0 if site.instruction.kind == "divide" else None


def _branch(site: Site) -> float | None:
    if site.instruction.kind != "branch":
        return None
    return 3.0 if site.taken else 1.0


def _table_branch(site: Site) -> float | None:
    return 5.0 if site.instruction.kind == "table_branch" else None


def _load(site: Site) -> float | None:
    if site.instruction.kind != "load":
        return None
    return 1.0 if _independent_load_before(site) else 2.0


def _store(site: Site) -> float | None:
    if site.instruction.kind != "store":
        return None
    return 2.0 if site.instruction.offset_register and not _independent_load_before(site) else 1.0


def _pair(site: Site) -> float | None:
    return 3.0 if site.instruction.kind in ("load_pair", "store_pair") else None


def _multiple(site: Site) -> float | None:
    kinds = ("load_multiple", "store_multiple", "fp_load_multiple", "fp_store_multiple")
    return 1.0 + site.instruction.words if site.instruction.kind in kinds else None


def _fp_transfer(site: Site) -> float | None:
    instruction = site.instruction
    if instruction.kind not in ("fp_load", "fp_store"):
        return None
    pipelined = (
        instruction.kind == "fp_load"
        and site.previous is not None
        and site.previous.kind in ("fp_load", "load")
        and not site.previous.writes & instruction.address_registers
    )
    return instruction.words + (0.0 if pipelined else 1.0)


_FP_ACCUMULATE = frozenset({"vmla", "vmls", "vnmla", "vnmls", "vfma", "vfms", "vfnma", "vfnms"})


def _fp(site: Site) -> float | None:
    instruction = site.instruction
    if instruction.kind != "fp":
        return None
    if instruction.mnemonic in _FP_ACCUMULATE:
        return 3.0
    if instruction.mnemonic in ("vdiv", "vsqrt"):
        return 14.0
    return 2.0 if instruction.words == 2 else 1.0


def _single(site: Site) -> float | None:
    return 1.0


def _writes_pc(site: Site) -> float | None:
    instruction = site.instruction
    return (
        2.0
        if instruction.to_pc and site.taken and instruction.kind in ("alu", "load", "load_multiple")
        else None
    )


def _load_after_store(site: Site) -> float | None:
    if site.previous is None or site.previous.kind != "store":
        return None
    return {"load": 2.0, "load_multiple": 1.0}.get(site.instruction.kind)


def _base_written_back_by_load(site: Site) -> float | None:
    if site.instruction.kind != "load" or site.previous is None or site.previous.kind != "load":
        return None
    return 1.0 if site.previous.written_back in site.instruction.address_registers else None


def _address_just_computed(site: Site) -> float | None:
    if site.instruction.kind not in ("load", "store", "load_pair", "store_pair") or site.previous is None:
        return None
    computed = site.previous.kind in ("alu", "multiply", "fp")
    return 1.0 if computed and site.previous.writes & site.instruction.address_registers else None


def _target_crosses_word(site: Site) -> float | None:
    return 1.0 if site.branched_to and site.instruction.wide_unaligned else None


def _third_of_unaligned_run(site: Site) -> float | None:
    return 1.0 if site.wide_run == 3 else None


BASE = (
    Rule("if_then", "IT is folded into the instruction before it", _if_then),
    Rule(
        "divide", "the mean over operands: SDIV and UDIV stop early", _divide, "2 to 12 cycles, by operands"
    ),
    Rule("branch", "taken: refills the pipeline", _branch),
    Rule("table_branch", "TBB and TBH load, then branch", _table_branch),
    Rule("load", "2 cycles; the second overlaps with a load before it that does not make the address", _load),
    Rule("store", "goes to the write buffer; a register offset takes the address stage once more", _store),
    Rule("pair", "LDRD and STRD move two words", _pair),
    Rule("multiple", "LDM, STM, PUSH, POP, VLDM, VSTM: one word per cycle", _multiple, _SKIPPED),
    Rule("fp_transfer", "VLDR and VSTR: like LDR, one cycle per word", _fp_transfer, _UNCHECKED),
    Rule("fp", "1 cycle, two-register VMOV 2, accumulating 3, division and root 14", _fp, _UNCHECKED),
    Rule("single", "ALU, every multiplication, NOP: 1 cycle, and no stall on a result", _single, _SKIPPED),
)

EXTRA = (
    Rule("writes_pc", "refills the pipeline", _writes_pc),
    Rule("load_after_store", "the load waits for the write buffer: LDR +2, LDM +1", _load_after_store),
    Rule("base_written_back", "the next address waits for the base's update", _base_written_back_by_load),
    Rule(
        "address_just_computed",
        "address generation waits for the ALU; LDM and STM do not",
        _address_just_computed,
    ),
    Rule(
        "target_crosses_word",
        "the first fetch behind a branch gets half of the instruction",
        _target_crosses_word,
    ),
    Rule("third_of_unaligned_run", "the prefetch queue runs dry, once per run", _third_of_unaligned_run),
)

TIMING = TimingModel(
    base=BASE,
    extra=EXTRA,
    unaligned=Counted("unaligned_access", "the bus splits the access in two", 1.0),
    offset_load_from_ram=Counted(
        "offset_load_from_ram", "found by fitting", 0.5, "empirical: no known cause"
    ),
    known_error=(
        "held out, 26 whole programs: median 2.7 %, largest 5.8 %; floating point and division not checked"
    ),
    source="published cycle counts of STM32F4 and STM32L4 boards at zero flash wait states",
)

CORE = Core(
    name="cortex-m4",
    title="Arm Cortex-M4 (Armv7E-M, FPv4 single precision)",
    isa="thumb",
    dsp=True,
    fpu=True,
    unaligned=True,
    clang=("-target", "thumb-freestanding-eabihf", "-mcpu=cortex_m4+vfp4d16sp"),
    gcc=("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"),
    emulator="UC_CPU_ARM_CORTEX_M4",
    qemu="mps2-an386",
    timing=TIMING,
)
