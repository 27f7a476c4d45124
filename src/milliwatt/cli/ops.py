# SPDX-License-Identifier: Apache-2.0
"""`milliwatt ops`: the table of supported operators, generated from the operators themselves."""

from __future__ import annotations

from typing import Any

import typer

from milliwatt.cli.console import columns, print_json, results
from milliwatt.errors import UsageError
from milliwatt.ir import DType
from milliwatt.ops import Operator, operators
from milliwatt.ops.operator import TypeRow, Types

NAME = "ops"
EXAMPLE = "Example: [bold]milliwatt ops CONV_2D[/]"


def type_text(types: Types) -> str:
    """A row of element types in words: `int8, int8, int32?`."""
    parts = []
    for entry in types:
        if entry is Ellipsis:
            parts.append("…")
        elif isinstance(entry, tuple):
            names = "|".join(kind.value for kind in entry if kind is not None)
            parts.append(f"{names}?" if None in entry else names)
        else:
            parts.append(entry.value if isinstance(entry, DType) else "none")
    return ", ".join(parts)


def row_text(row: TypeRow) -> str:
    """One supported combination in words."""
    return f"({type_text(row.inputs)}) → ({type_text(row.outputs)})"


def describe(operator: Operator) -> dict[str, Any]:
    """An operator as JSON."""
    return {
        "name": operator.name,
        "summary": operator.summary,
        "types": [row_text(row) for row in operator.types],
        "attributes": {name: attribute.kind for name, attribute in operator.attributes.items()},
        "constraints": [
            f"C{number}: {(constraint.__doc__ or '').strip()}"
            for number, constraint in enumerate(operator.constraints, start=1)
        ],
    }


def verb(
    operator: str = typer.Argument("", help="Show one operator with its types and constraints."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """List the supported operators, or the types and numbered constraints of one."""
    known = operators()
    if operator and operator.upper() not in known:
        raise UsageError(f"there is no operator {operator.upper()}", hint="`milliwatt ops` lists them all")
    chosen = [known[operator.upper()]] if operator else list(known.values())
    described = [describe(entry) for entry in chosen]
    if as_json:
        print_json(described)
        return
    console = results()
    if operator:
        entry = described[0]
        console.print(f"[bold]{entry['name']}[/]  {entry['summary']}")
        for line in (*entry["types"], *entry["constraints"]):
            console.print(f"  {line}", markup=False)
        return
    table = columns("operator", "element types of the data", "what it does")
    for known_operator in chosen:
        table.add_row(known_operator.name, data_types(known_operator), known_operator.summary)
    console.print(table)
    console.print(f"{len(chosen)} operators")


def data_types(operator: Operator) -> str:
    """The element types that the first input may have."""
    found: dict[str, None] = {}
    for row in operator.types:
        entries = row.inputs[:1] or row.outputs[:1]
        for entry in entries:
            kinds = entry if isinstance(entry, tuple) else (entry,)
            found.update({kind.value: None for kind in kinds if isinstance(kind, DType)})
    return " ".join(found)
