# SPDX-License-Identifier: Apache-2.0
"""Plan to C: NAME.h, NAME.c and NAME.json. The same input and version give the same bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from milliwatt.emit import c_text
from milliwatt.emit.calls import Names, step_text
from milliwatt.emit.emitted import Emitted
from milliwatt.emit.header import header_text
from milliwatt.emit.kernel_text import closure
from milliwatt.emit.manifest import manifest
from milliwatt.plan.layout import Plan


def emit(
    plan: Plan,
    *,
    name: str,
    about: Sequence[str] = (),
    facts: Sequence[str] = (),
    extra: Mapping[str, Any] | None = None,
    stoppable: bool = False,
) -> Emitted:
    """Write the C of a plan.

    Args:
        plan: a checked plan.
        name: the C prefix.
        about: lines on top of the header: what the model is, where it comes from, how to remake the file.
        facts: measured lines of the header; empty when nothing has been measured.
        extra: further entries of the manifest (model hash, target, …).
        stoppable: also emit ``NAME_run_until(arena, steps)`` that stops behind that many steps, to find
            the first step that differs. Never part of a build.
    """
    names = Names(name, plan.program.specialise, plan.program.tables_in_ram)
    steps: list[str] = []
    functions: list[str] = []
    for step in range(len(plan.program.calls)):
        text, function = step_text(names, plan, step)
        steps.append(text)
        functions.append(function)
    init = _init(plan, name, names)
    included = ["mw_base", *(["mw_ram_table"] if plan.program.tables_in_ram else [])]
    kernels = [
        file.body for file in closure([*included, *sorted({call.kernel for call in plan.program.calls})])
    ]
    parts = [
        f'/* SPDX-License-Identifier: NONE. Generated code: see {name}.h. Do not edit. */\n#include "{name}.h"\n',
        *([] if plan.program.specialise else ["#define MW_KERNEL MW_NOINLINE\n"]),
        *kernels,
        *names.text,
        *([init] if init else []),
        *([_run_until(plan, name, steps)] if stoppable else []),
        _run(plan, name, steps),
    ]
    return Emitted(
        name=name,
        header=header_text(plan, name=name, about=about, facts=facts),
        source="\n".join(parts),
        manifest=manifest(plan, name=name, functions=functions, extra=extra or {}),
        plan=plan,
        step_functions=tuple(functions),
    )


def _check(plan: Plan, name: str) -> str:
    upper = name.upper()
    return (
        f"    if (arena == NULL) {{\n        return {upper}_ERROR_NULL;\n    }}\n"
        f"    if (((uintptr_t)arena & {plan.alignment - 1}u) != 0u) {{\n"
        f"        return {upper}_ERROR_ALIGNMENT;\n    }}\n"
    )


def _base(steps: Sequence[str]) -> str:
    return "    uint8_t *const base = (uint8_t *)arena;\n" if any("base + " in step for step in steps) else ""


def _run(plan: Plan, name: str, steps: Sequence[str]) -> str:
    return (
        f"int32_t {name}_run(void *arena)\n{{\n{_base(steps)}{_check(plan, name)}"
        f"{''.join(steps)}    return {name.upper()}_OK;\n}}\n"
    )


def _run_until(plan: Plan, name: str, steps: Sequence[str]) -> str:
    guard = f"    if (steps-- == 0) {{\n        return {name.upper()}_OK;\n    }}\n"
    body = "".join(guard + step for step in steps)
    prototype = f"int32_t {name}_run_until(void *arena, int32_t steps)"
    return f"{prototype};\n{prototype}\n{{\n{_base(steps)}{_check(plan, name)}{body}    return {name.upper()}_OK;\n}}\n"


def _init(plan: Plan, name: str, names: Names) -> str:
    if not plan.states:
        return ""
    lines = []
    for index, state in enumerate(plan.program.graph.states):
        if state.name not in plan.states:
            continue
        offset, raw = plan.states[state.name].offset, state.initial.tobytes()
        if len(set(raw)) == 1:
            value = str(raw[0])
        else:
            table = f"{name}_state_{index}"
            names.text.append(c_text.array("uint8_t", table, np.frombuffer(raw, np.uint8)))
            value = f"{table}[i]"
        lines.append(
            f"    for (i = 0; i < {len(raw)}u; i++) {{\n        base[{offset}u + i] = {value};\n    }}\n"
        )
    return (
        f"int32_t {name}_init(void *arena)\n{{\n    uint8_t *const base = (uint8_t *)arena;\n    size_t i;\n"
        f"{_check(plan, name)}{''.join(lines)}    return {name.upper()}_OK;\n}}\n"
    )
