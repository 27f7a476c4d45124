# SPDX-License-Identifier: Apache-2.0
"""Remakes the table of forests: milliwatt beside emlearn, the same forest, compiler, emulator and inputs.

`python benchmarks/trees/run.py` (needs emlearn and the extra `sklearn`) fits forests on data that scikit-learn brings,
compiles both engines' C for a Cortex-M4 and a Cortex-M0+ and writes results.json and results.md beside this file. Both
compute the label alone. Cycles are the mean over test rows; exit status 1 when one of our labels is not scikit-learn's.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from emlearn_code import with_emlearn
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingClassifier, RandomForestClassifier
from sklearn.model_selection import train_test_split

import milliwatt
from milliwatt.emit.emitted import Emitted
from milliwatt.fit.kernel_choice import compile_measured
from milliwatt.ir import Graph
from milliwatt.measure.emulator import EmulatorRunner
from milliwatt.measure.footprint import footprint_of
from milliwatt.measure.timing import Pricer
from milliwatt.measure.toolchain import Level
from milliwatt.pipeline import Options
from milliwatt.targets import board

Array = npt.NDArray[Any]

HERE = Path(__file__).resolve().parent
BOARDS = ("nucleo-l4r5zi", "nucleo-g0b1re")
TRACED, CHECKED = 12, 200

# Name, forest, data set, element type of the features.
FORESTS = (
    ("digits, 10 trees", RandomForestClassifier(10, random_state=0), load_digits, "int16"),
    ("digits, 10 trees", RandomForestClassifier(10, random_state=0), load_digits, "float32"),
    (
        "digits, 10 trees of depth 8",
        RandomForestClassifier(10, max_depth=8, random_state=0),
        load_digits,
        "int16",
    ),
    (
        "digits, 10 trees of depth 8",
        RandomForestClassifier(10, max_depth=8, random_state=0),
        load_digits,
        "float32",
    ),
    ("digits, 50 trees", RandomForestClassifier(50, random_state=0), load_digits, "int16"),
    ("cancer, 20 extra trees", ExtraTreesClassifier(20, random_state=0), load_breast_cancer, "float32"),
    (
        "cancer, boosting, 50 trees",
        GradientBoostingClassifier(n_estimators=50),
        load_breast_cancer,
        "float32",
    ),
)
EMLEARN: tuple[tuple[str, str, int | None, Level], ...] = (
    ("emlearn inline", "inline", None, "O2"),
    ("emlearn inline, leaf_bits 8", "inline", 8, "O2"),
    ("emlearn loadable", "loadable", None, "Oz"),
)
OURS: tuple[tuple[str, str, Level], ...] = (("speed", "speed", "O2"), ("flash", "flash", "Oz"))


def label_alone(graph: Graph) -> Graph:
    """The graph without its probabilities."""
    return replace(graph, outputs=("label",), nodes=_needed(graph)).pruned()


def _needed(graph: Graph) -> tuple[Any, ...]:
    needed, kept = {"label"}, []
    for node in reversed(graph.nodes):
        if needed.intersection(node.outputs):
            kept.append(node)
            needed.update(name for name in node.inputs if name is not None)
    return tuple(reversed(kept))


def measured(emitted: Emitted, name: str, rows: Array, labels: Array, level: Level) -> dict[str, Any]:
    """Flash, RAM, mean instructions and cycles, and the share of rows with scikit-learn's label."""
    target = board(name)
    runner = EmulatorRunner(emitted, target, level=level)
    size = footprint_of(runner.image, emitted, target)
    pricer = Pricer(runner.image, target)
    costs = [pricer.price(runner.trace([row[None]])) for row in rows[:TRACED]]
    same = [int(runner.run([row[None]])[0][0]) == label for row, label in zip(rows, labels, strict=True)]
    result = {"flash": size.flash_total, "ram": size.ram_total, "same_labels": float(np.mean(same))}
    for key in ("instructions", "core_cycles", "board_cycles"):
        sums = [[getattr(step, key) for step in steps] for steps in costs]
        known = all(count is not None for steps in sums for count in steps)
        result[key] = round(float(np.mean([sum(steps) for steps in sums]))) if known else None
    return result


def engines(forest: Any, graph: Graph, target: str, dtype: str) -> Iterator[tuple[str, Emitted, Level]]:
    """Every engine's code for a forest; emlearn has no boosting, and its loadable form takes int16 alone."""
    builds = {
        goal: compile_measured(graph, Options(board=board(target), optimize=goal)) for _, goal, _ in OURS
    }
    for name, goal, level in OURS:
        yield f"milliwatt {name}", builds[goal].emitted, level
    if isinstance(forest, GradientBoostingClassifier):
        return
    c_type = {"int16": "int16_t", "float32": "float"}[dtype]
    for name, method, bits, level in EMLEARN:
        if method == "inline" or dtype == "int16":
            emitted = builds["speed"].emitted
            yield name, with_emlearn(emitted, forest, method=method, dtype=c_type, leaf_bits=bits), level


def markdown(rows: list[dict[str, Any]]) -> str:
    """The table."""
    lines = [
        "# Forests\n",
        "The label of one sample. Flash and RAM in bytes, from the linked file. Cycles of the Cortex-M4 are modelled",
        "(see ../timing), with memories that never wait and with the board's flash; the Cortex-M0+ has no validated",
        "model, only instructions. Means over rows that the forest was not fitted on. Equal: labels that are",
        "scikit-learn's. emlearn's default lets each tree vote for one class, `leaf_bits` 8 rounds shares to 8 bits;",
        "with int16 features it cuts thresholds off to integers and compares with <, not <=.",
        "Made by `python benchmarks/trees/run.py`.\n",
        "| forest | features | board | engine | flash | RAM | instructions | core cycles | board cycles | equal |",
        "|---|---|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        cycles = [f"{row[key]:,}" if row[key] else "–" for key in ("core_cycles", "board_cycles")]
        lines.append(
            f"| {row['forest']} | {row['features']} | {row['board']} | {row['engine']} | {row['flash']:,} | "
            f"{row['ram']:,} | {row['instructions']:,} | {' | '.join(cycles)} | {row['same_labels']:.1%} |"
        )
    return "\n".join(lines) + "\n"


def main() -> int:
    """Measure all and write the files; 1 when one of our labels differs from scikit-learn's."""
    rows: list[dict[str, Any]] = []
    for title, forest, data_set, dtype in FORESTS:
        train, test, train_labels, _ = train_test_split(*data_set(return_X_y=True), random_state=0)
        forest.fit(train.astype(dtype), train_labels)
        samples = test[:CHECKED].astype(dtype)
        labels = forest.predict(samples)
        graph = label_alone(milliwatt.load(forest, samples[:1]))
        for target in BOARDS:
            for engine, emitted, level in engines(forest, graph, target, dtype):
                result = measured(emitted, target, samples, labels, level)
                rows.append({"forest": title, "features": dtype, "board": target, "engine": engine, **result})
                print(rows[-1], flush=True)
                (HERE / "results.json").write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    (HERE / "results.md").write_text(markdown(rows), "utf-8")
    ours = [row for row in rows if row["engine"].startswith("milliwatt")]
    return 0 if all(row["same_labels"] == 1.0 for row in ours) else 1


if __name__ == "__main__":
    sys.exit(main())
