# SPDX-License-Identifier: Apache-2.0
"""Decision trees as nested comparisons with constants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.emit import c_text
from milliwatt.lower.program import KernelCall

Array = npt.NDArray[Any]

FLOAT32, INT16, INT8, UINT8 = range(4)
VALUES, LISTS, ROWS = range(3)

_FEW = 4
"""So many sums are copied in less time than a variable of the function's own saves."""

_TYPES = {FLOAT32: "int32_t", INT16: "int16_t", INT8: "int8_t", UINT8: "uint8_t"}


@dataclass(frozen=True)
class Trees:
    """A call's tables and parameters by name."""

    name: str
    params: dict[str, int]
    tables: dict[str, Array]

    @property
    def ranked(self) -> bool:
        """Whether trees compare ranks instead of elements."""
        return self.params["columns"] != 0

    @property
    def element(self) -> str:
        """The C type of what trees compare."""
        return "uint8_t" if self.ranked else _TYPES[self.params["source"]]


def function(name: str, call: KernelCall) -> str:
    """The step function of a call of mw_tree_code, behind the tables and functions that it needs."""
    trees = Trees(
        name,
        {key: int(value) for key, value in call.params.items()},
        {table.role: table.array for table in call.tables},
    )
    walks = [_tree(trees, number) for number in range(trees.params["trees"])]
    return "\n".join([*_data(trees), *walks, _step(trees)])


def _data(trees: Trees) -> Iterator[str]:
    roles = ["columns", "begins", "keys"] if trees.ranked else []
    leaves = trees.tables["leaves"]
    for role in [*roles, *(["leaves"] if _reads_leaves(trees) else []), "base"]:
        array = leaves if role == "leaves" else trees.tables[role]
        yield c_text.array(f"{array.dtype.name}_t", f"{trees.name}_{role}", array)


def _reads_leaves(trees: Trees) -> bool:
    if trees.params["mode"] != LISTS or trees.params["trees"] == 0:
        return trees.params["trees"] != 0
    links = trees.tables["tests"][:, 2:]
    return bool((-1 - links).max(initial=0) >= trees.params["outputs"])


def _tree(trees: Trees, number: int) -> str:
    """One tree as a function from the elements to the number of the leaf."""
    lines: list[str] = []
    _block(trees, int(trees.tables["trees"][number, 0]), "    ", lines)
    body = "\n".join(lines)
    return (
        f"MW_INLINE int32_t {trees.name}_tree_{number}(const {trees.element} *x)\n"
        f"{{\n    int32_t leaf;\n{body}\n    return leaf;\n}}\n"
    )


def _block(trees: Trees, link: int, indent: str, lines: list[str]) -> None:
    if link < 0:
        lines.append(f"{indent}leaf = {-1 - link};")
        return
    column, key, left, right = (int(entry) for entry in trees.tables["tests"][link])
    lines.append(f"{indent}if ({_comparison(trees, column, key)}) {{")
    _block(trees, left, indent + "    ", lines)
    lines.append(f"{indent}}} else {{")
    _block(trees, right, indent + "    ", lines)
    lines.append(f"{indent}}}")


def _comparison(trees: Trees, column: int, key: int) -> str:
    """Elements of float32 are compared by their bits: those of negative numbers fall as the numbers rise."""
    if trees.ranked or trees.params["source"] != FLOAT32 or key >= 0:
        return f"x[{column}] <= {c_text.integer(key)}"
    bits = np.uint32((key ^ 0x7FFFFFFF) & 0xFFFFFFFF)
    return f"(uint32_t)x[{column}] >= {bits:#x}u"


def _sums(trees: Trees) -> str:
    """Where sums are kept: a few in a variable that no other pointer reaches, so that compilers keep what they know."""
    return "total" if trees.params["outputs"] <= _FEW else "sums"


def _step(trees: Trees) -> str:
    params, name = trees.params, trees.name
    lines = [
        f"MW_NOINLINE void {name}(const uint8_t *data, uint8_t *ranks, int32_t *sums)",
        "{",
        "    int32_t row;",
        "    int32_t i;",
        *([] if _sums(trees) == "sums" else [f"    int32_t {_sums(trees)}[{params['outputs']}];"]),
        f"    for (row = 0; row < {params['rows']}; row++) {{",
        "        (void)data;",
        "        (void)ranks;",
    ]
    if trees.ranked:
        lines += [
            f"        for (i = 0; i < {params['columns']}; i++) {{",
            f"            const int32_t key = mw_tree_key(data, {params['source']}, {params['features']}, "
            f"{name}_columns[i]);",
            f"            const uint32_t count = (uint32_t){name}_begins[i + 1] - {name}_begins[i];",
            f"            ranks[i] = (uint8_t)mw_tree_rank({name}_keys + {name}_begins[i], count, key);",
            "        }",
        ]
    outputs, sums = params["outputs"], _sums(trees)
    lines += [f"        for (i = 0; i < {outputs}; i++) {{", f"            {sums}[i] = {name}_base[i];"]
    lines += ["        }", *(_add(trees, number) for number in range(params["trees"]))]
    if sums != "sums":
        lines += [
            f"        for (i = 0; i < {outputs}; i++) {{",
            f"            sums[i] = {sums}[i];",
            "        }",
        ]
    size = {FLOAT32: 4, INT16: 2}.get(params["source"], 1)
    lines += [f"        data += {params['features'] * size};", f"        sums += {params['outputs']};"]
    return "\n".join([*lines, "    }", "}", ""])


def _add(trees: Trees, number: int) -> str:
    params, name = trees.params, trees.name
    source = "ranks" if trees.ranked else f"(const {trees.element} *)(const void *)data"
    leaf, output = f"{name}_tree_{number}({source})", int(trees.tables["trees"][number, 1])
    leaves = f"{name}_leaves" if _reads_leaves(trees) else "NULL"
    if not _reads_leaves(trees):
        return f"        {_sums(trees)}[{leaf}] += {params['whole']};"
    return (
        f"        mw_tree_add({params['mode']}, {params['outputs']}, {params['whole']}, {leaves}, {leaf}, "
        f"{output}, {_sums(trees)});"
    )
