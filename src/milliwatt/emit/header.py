# SPDX-License-Identifier: Apache-2.0
"""NAME.h: the contract between the model and the firmware."""

from __future__ import annotations

from collections.abc import Sequence

from milliwatt.emit.c_text import comment
from milliwatt.ir import TensorType
from milliwatt.plan.layout import Plan


def describe(kind: TensorType) -> str:
    """Shape, element type, scale and zero point in words."""
    text = f"{kind.dtype.value} [{', '.join(map(str, kind.shape))}]"
    if kind.quant is not None and not kind.quant.per_channel:
        scale, zero_point = kind.quant.scalar
        text += f", real = {scale:.9g} * (value - {zero_point})"
    return text


def ports(names: Sequence[str], word: str) -> list[tuple[str, str]]:
    """(value, C suffix) of each input or output: `input`, or `input_0`, `input_1`, … when there are several."""
    return [(name, word if len(names) == 1 else f"{word}_{index}") for index, name in enumerate(names)]


def header_text(plan: Plan, *, name: str, about: Sequence[str], facts: Sequence[str]) -> str:
    """The header's text.

    Args:
        plan: the plan.
        name: the C prefix.
        about: lines on what the model is and how it was made.
        facts: lines of measured bytes and counts.
    """
    graph = plan.program.graph
    io = [*ports(graph.inputs, "input"), *ports(graph.outputs, "output")]
    upper = name.upper()
    text = _CONTRACT_TEXT + (_RAM_TABLES_TEXT if plan.program.tables_in_ram else "")
    contract = text.replace("NAME_", f"{name}_").replace("UPPER_", f"{upper}_").splitlines()
    lines = [
        "/* SPDX-License-Identifier: NONE. Generated code: the licence is that of the model. */",
        "/*",
        *(f" * {comment(line)}".rstrip() for line in [*about, "", *facts, ""]),
        *(f" * {name}_{suffix}: {comment(value)}: {describe(graph.values[value])}" for value, suffix in io),
        *(f" * state: {comment(state.name)}: {describe(state.type)}" for state in graph.states),
        *(" *", *contract, " */", f"#ifndef {upper}_H", f"#define {upper}_H", ""),
        *(
            "#include <stddef.h>",
            "#include <stdint.h>",
            "",
            "#ifdef __cplusplus",
            'extern "C" {',
            "#endif",
            "",
        ),
        *_constants(plan, io, upper),
        *_accessors(plan, io, name),
        *_functions(plan, name),
        *("#ifdef __cplusplus", "}", "#endif", "", "#endif"),
    ]
    return "\n".join(lines) + "\n"


def _constants(plan: Plan, io: Sequence[tuple[str, str]], upper: str) -> list[str]:
    lines = [f"#define {upper}_ARENA_BYTES {max(plan.arena_bytes, plan.alignment)}"]
    for value, suffix in io:
        kind, stem = plan.program.graph.values[value], f"{upper}_{suffix.upper()}"
        lines.append(f"#define {stem}_OFFSET {plan.offset_of(value)}")
        lines.append(f"#define {stem}_BYTES {kind.bytes}")
        lines.append(f"#define {stem}_SIZE {kind.size} /* elements */")
    return [
        *lines,
        "",
        "enum {",
        f"    {upper}_OK = 0,",
        f"    {upper}_ERROR_NULL = -1, /* the arena is NULL */",
        f"    {upper}_ERROR_ALIGNMENT = -2 /* the arena is not aligned to {plan.alignment} bytes */",
        "};",
        "",
    ]


def _accessors(plan: Plan, io: Sequence[tuple[str, str]], name: str) -> list[str]:
    upper = name.upper()
    lines = [
        "/* All the RAM that the model needs besides the stack; aligned by its type. */",
        "typedef union {",
        "    uint64_t alignment;",
        f"    uint8_t bytes[{upper}_ARENA_BYTES];",
        f"}} {name}_arena;",
        "",
    ]
    for value, suffix in io:
        c_type = plan.program.graph.values[value].dtype.c
        lines.append(f"static inline {c_type} *{name}_{suffix}(void *arena)\n{{")
        lines.append(
            f"    return ({c_type} *)(void *)((uint8_t *)arena + {upper}_{suffix.upper()}_OFFSET);\n}}\n"
        )
    return lines


def _functions(plan: Plan, name: str) -> list[str]:
    init = [
        "/* Sets the state that is kept between runs to its initial value. Call it before the first run. */",
        f"int32_t {name}_init(void *arena);",
        "",
    ]
    return [
        *(init if plan.states else []),
        "/* One inference. Returns 0, or a negative status with the arena untouched. */",
        f"int32_t {name}_run(void *arena);",
        "",
    ]


_CONTRACT_TEXT = """\
 * Use: write the inputs where NAME_input points, call NAME_run, read where NAME_output points. Inputs and
 * outputs lie in the arena and share bytes: a run overwrites its inputs, and the outputs last until the next
 * inputs are written. Nothing is allocated, no global is written, no other file is needed: two arenas may run
 * at the same time, one arena may not. The run time depends on the input's values only where the report says so.
 * MISRA C:2012: no dynamic memory (21.3), no recursion (17.2), no standard I/O (21.6), no variable-length arrays
 * (18.8). Deviations: pointers into the arena are converted through void* (11.5), functions have one exit per
 * error (15.5). No claim of compliance is made."""

_RAM_TABLES_TEXT = """
 *
 * The weights lie in RAM, in sections .data.mw_weights: the start-up code must copy initialised data from flash
 * before the first run, as start-up code does. Define MW_RAM_TABLE (an attribute) to place them elsewhere."""
