# SPDX-License-Identifier: Apache-2.0
"""Stages point one way: each imports only what stands before it, never a later stage."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "milliwatt"

# What a package may import besides itself. "x.y" is one module: the result type of the predecessor.
ALLOWED = {
    "errors": set(),
    "ir": {"errors"},
    "targets": {"errors"},
    "ops": {"ir", "errors"},
    "importers": {"ir", "ops", "errors"},
    "passes": {"ir", "ops", "targets", "errors"},
    "lower": {"ir", "ops", "targets", "errors"},
    "plan": {"ir", "ops", "targets", "errors", "lower.program"},
    "emit": {"ir", "ops", "targets", "errors", "lower.program", "plan.layout"},
    "measure": {"ir", "ops", "targets", "errors", "emit.emitted", "plan.layout", "lower.program", "samples"},
    # A transformation of graphs that the user asks for, not a pass that always runs.
    "stream": {"ir", "ops", "errors"},
    # Likewise; a search decides where it is worth while.
    "bands": {"ir", "ops", "stream"},
    "pipeline": {
        "bands",
        "ir",
        "ops",
        "targets",
        "errors",
        "importers",
        "passes",
        "stream",
        "lower",
        "plan",
        "emit",
        "measure",
    },
    "testing": {
        "ir",
        "ops",
        "targets",
        "errors",
        "measure",
        "pipeline",
        "emit",
        "plan",
        "lower",
        "importers",
        "runners",
        "verification",
        "samples",
    },
    "runtime": set(),
    "samples": {"ir"},
    # Above the stages: these call them.
    "verification": {"errors", "ir", "ops", "pipeline", "samples"},
    "stream_verification": {"errors", "ops", "passes", "pipeline", "samples", "stream", "verification"},
    "runners": {"emit", "errors", "measure", "ops", "pipeline", "verification"},
    "fit": {
        "bands",
        "emit",
        "errors",
        "ir",
        "lower",
        "measure",
        "ops",
        "pipeline",
        "plan",
        "samples",
        "targets",
    },
    "oracles": {"errors", "importers", "ir", "measure", "verification"},
    "cli": None,
    "__init__": None,
}


def imports(path: Path) -> set[str]:
    """Dotted names inside milliwatt that a file imports, wherever the import stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide where a name comes from"
            module = node.module or ""
            found.add(module)
            found.update(f"{module}.{alias.name}" for alias in node.names)
    return {name.removeprefix("milliwatt.") for name in found if name.startswith("milliwatt.")}


def files() -> list[Path]:
    """All Python files of the package."""
    return sorted(SOURCE.rglob("*.py"))


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_point_backwards(path: Path) -> None:
    room = path.relative_to(SOURCE).parts[0].removesuffix(".py")
    assert room in ALLOWED, f"{room} has no place in the layers: add it to ALLOWED with its reason"
    allowed = ALLOWED[room]
    if allowed is None:
        return
    for name in imports(path):
        parts = name.split(".")
        fits = parts[0] == room or parts[0] in allowed or ".".join(parts[:2]) in allowed
        assert fits, f"{path.relative_to(SOURCE)} reaches for milliwatt.{name}"


def test_no_drawers() -> None:
    names = {"utils.py", "util.py", "helpers.py", "common.py", "misc.py"}
    assert not [path for path in files() if path.name in names]


def test_files_and_functions_stay_small() -> None:
    """At most 400 lines a file and 60 a function."""
    for path in files():
        text = path.read_text("utf-8")
        assert text.count("\n") <= 400, f"{path} has {text.count(chr(10))} lines"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                assert lines <= 60, f"{path}:{node.lineno} {node.name} has {lines} lines"


def test_every_file_states_its_licence() -> None:
    sources = [*SOURCE.rglob("*.py"), *SOURCE.rglob("*.h"), *SOURCE.rglob("*.c")]
    missing = [
        path for path in sources if "SPDX-License-Identifier: Apache-2.0" not in path.read_text("utf-8")[:80]
    ]
    assert not missing
