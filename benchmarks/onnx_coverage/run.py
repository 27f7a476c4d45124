# SPDX-License-Identifier: Apache-2.0
"""How many of ONNX's own test vectors for its operators run, and why the others do not.

    python benchmarks/onnx_coverage/run.py

writes results.md beside this file. Needs the package onnx, which brings the vectors; they take about a minute.
"""

from __future__ import annotations

import argparse
import collections
from collections.abc import Iterable
from pathlib import Path

from milliwatt.testing.onnx_node_cases import Outcome, cases, outcome

HERE = Path(__file__).resolve().parent
_SHOWN = 70
_ABOUT = """\
ONNX's test vectors of single operators (`onnx.backend.test`, onnx {version}), imported and run on the NumPy meanings
under `--numerics fast`; floats within ONNX's own tolerances, integers equal. Inputs that must be constants in a model
(shapes, axes, scales) are made constants where the vector computes them. Remake with
`python benchmarks/onnx_coverage/run.py`.

{equal} of {total} vectors give the expected result, {different} give another, {refused} are refused on import."""


def operator_of(case: object) -> str:
    """The operator that a case tests: that of its only node, or the function that its nodes expand."""
    nodes = case.model.graph.node  # type: ignore[attr-defined]
    return str(nodes[0].op_type) if len(nodes) == 1 else "of several nodes"


def table(found: Iterable[tuple[str, Outcome]], version: str) -> str:
    """Operators with the number of vectors that run, those that do not with their most frequent reason."""
    counts: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    reasons: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    total: collections.Counter[str] = collections.Counter()
    for operator, result in found:
        counts[operator][result.status] += 1
        total[result.status] += 1
        if result.reason:
            reasons[operator][result.reason.replace("|", "or").split(" Types:")[0][:_SHOWN]] += 1
    lines = [
        _ABOUT.format(version=version, total=total.total(), **{name: total[name] for name in STATUSES}),
        "",
    ]
    lines += [
        "| operator | equal | different | refused | most frequent reason |",
        "| --- | ---: | ---: | ---: | --- |",
    ]
    for operator in sorted(counts, key=str.lower):
        numbers = " | ".join(str(counts[operator][name]) for name in STATUSES)
        reason = reasons[operator].most_common(1)
        lines.append(f"| {operator} | {numbers} | {reason[0][0] if reason else ''} |")
    return "\n".join(lines) + "\n"


STATUSES = ("equal", "different", "refused")


def main() -> None:
    """Run all vectors, print the table and write it."""
    import onnx

    parser = argparse.ArgumentParser(description="ONNX's own test vectors.")
    parser.add_argument("--output", type=Path, default=HERE, help="folder of results.md")
    arguments = parser.parse_args()
    text = table(((operator_of(case), outcome(case)) for case in cases()), onnx.__version__)
    print(text, end="")
    (arguments.output / "results.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
