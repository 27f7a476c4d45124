# SPDX-License-Identifier: Apache-2.0
"""Gives every table, parameter set and step function its C name, each distinct one once."""

from __future__ import annotations

from dataclasses import dataclass, field

from milliwatt.emit import c_text
from milliwatt.emit.assembly import GUARD, function_text, generator
from milliwatt.emit.kernel_text import KernelFile, kernel_file
from milliwatt.emit.unrolled import Unrolled, unrolled
from milliwatt.errors import InternalError
from milliwatt.lower.program import KernelCall, Read, Scratch, StateArg, Table, Write
from milliwatt.plan.layout import Plan

Key = tuple[object, ...]


@dataclass
class Names:
    """Definitions collected while the steps are walked; text in the order of first use."""

    prefix: str
    specialise: bool
    tables_in_ram: bool = False
    tables: dict[Key, str] = field(default_factory=dict)
    params: dict[Key, str] = field(default_factory=dict)
    functions: dict[Key, str] = field(default_factory=dict)
    text: list[str] = field(default_factory=list)

    def table(self, step: int, table: Table) -> str:
        """The array's name; equal arrays share one."""
        key = (table.c_type, table.array.dtype.str, table.array.tobytes())
        if key not in self.tables:
            self.tables[key] = name = f"{self.prefix}_{step}_{table.role}"
            placed = "MW_RAM_TABLE" if self.tables_in_ram else ""
            self.text.append(c_text.array(table.c_type, name, table.array, placed=placed))
        return self.tables[key]

    def parameters(self, call: KernelCall) -> str:
        """The name of the constant parameter struct; equal ones share one."""
        file = kernel_file(call.kernel)
        if set(file.fields) != set(call.params):
            odd = sorted(set(file.fields) ^ set(call.params))
            raise InternalError(
                f"{call.kernel} and its lowering disagree on parameters {', '.join(odd)}", where=call.source
            )
        values = tuple(call.params[name] for name in file.fields)
        key = (call.kernel, *values)
        if key not in self.params:
            number = sum(known[0] == call.kernel for known in self.params)
            self.params[key] = name = f"{self.prefix}_{_short(call.kernel)}_{number}_params"
            self.text.append(_struct(call, file, name))
        return self.params[key]

    def function(self, call: KernelCall) -> str:
        """The step function: the shared kernel, its instance for these constants, or code made from its tables."""
        body = unrolled(call.kernel)
        if body is not None:
            return self._unrolled(call, body)
        if not self.specialise:
            return call.kernel
        params = self.parameters(call)
        if params not in self.functions.values() and (params,) not in self.functions:
            self.functions[(params,)] = name = params.removesuffix("_params")
            self.text.append(_instance(call, name, params))
        return self.functions[(params,)]

    def _unrolled(self, call: KernelCall, body: Unrolled) -> str:
        key = (call.kernel, *sorted(call.params.items()), *(table.array.tobytes() for table in call.tables))
        if key not in self.functions:
            number = sum(known[0] == call.kernel for known in self.functions)
            self.functions[key] = name = f"{self.prefix}_{_short(call.kernel)}_{number}"
            self.text.append(body(name, call))
        return self.functions[key]


def _short(kernel: str) -> str:
    return kernel.removeprefix("mw_")


def _struct(call: KernelCall, file: KernelFile, name: str) -> str:
    lines = []
    for field_name, c_type in zip(file.fields, file.types, strict=True):
        value = call.params[field_name]
        literal = c_text.floating(float(value)) if c_type == "float" else c_text.integer(int(value))
        lines.append(f"    {literal}, /* {field_name} */")
    body = "\n".join(lines)
    # Where assembly stands for the kernel, its constants are in the instructions.
    unused = "" if generator(call.kernel) is None else " MW_UNUSED"
    return f"static const struct {call.kernel}_params {name}{unused} = {{\n{body}\n}};\n"


def _instance(call: KernelCall, name: str, params: str) -> str:
    declared = kernel_file(call.kernel).parameters
    names = [parameter.replace("*", " ").split()[-1] for parameter in declared]
    arguments = ", ".join([f"&{params}", *names])
    text = (
        f"MW_NOINLINE void {name}({', '.join(declared) or 'void'})\n{{\n    {call.kernel}({arguments});\n}}\n"
    )
    assembly = generator(call.kernel)
    if assembly is None:
        return text
    body = function_text(name, declared, assembly(call.params))
    return f"#if {GUARD}\n{body}#else\n{text}#endif\n"


def step_text(names: Names, plan: Plan, step: int) -> tuple[str, str]:
    """The C statement of one step, with its heading, and the function that it calls."""
    call = plan.program.calls[step]
    function = names.function(call)
    in_code = unrolled(call.kernel) is not None
    arguments = [] if names.specialise or in_code else [f"&{names.parameters(call)}"]
    scratch_index = 0
    for argument in call.arguments:
        if isinstance(argument, Table):
            arguments += [] if in_code else [names.table(step, argument)]
        elif isinstance(argument, Scratch):
            arguments.append(_pointer(argument.c_type, plan.scratch[step, scratch_index].offset))
            scratch_index += 1
        elif isinstance(argument, StateArg):
            arguments.append(_pointer(argument.c_type, plan.states[argument.state].offset))
        else:
            const = "const " if isinstance(argument, Read) else ""
            arguments.append(_pointer(f"{const}{argument.c_type}", plan.offset_of(argument.value)))
    count = f"{step + 1}/{len(plan.program.calls)}"
    heading = f"    /* {count} {call.op}: {_ranges(plan, step)}\n     * {c_text.comment(call.source)} */"
    return f"{heading}\n    {function}({', '.join(arguments)});\n", function


def _pointer(c_type: str, offset: int) -> str:
    return f"({c_type} *)(void *)(base + {offset})"


def _ranges(plan: Plan, step: int) -> str:
    call = plan.program.calls[step]

    def span(value: str) -> str:
        offset = plan.offset_of(value)
        return f"[{offset}, {offset + plan.program.type_of(value).bytes})"

    parts = []
    if any(isinstance(argument, Read) for argument in call.arguments):
        parts.append("reads " + " ".join(span(value) for value in call.reads))
    if any(isinstance(argument, Write) for argument in call.arguments):
        parts.append("writes " + " ".join(span(value) for value in call.writes))
    scratch = [placed for (at, _), placed in sorted(plan.scratch.items()) if at == step]
    if scratch:
        parts.append("scratch " + " ".join(f"[{placed.offset}, {placed.end})" for placed in scratch))
    return ", ".join(parts)
