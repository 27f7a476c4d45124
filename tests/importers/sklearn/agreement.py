# SPDX-License-Identifier: Apache-2.0
"""Compares an estimator with its graph: the meaning, the C on this computer, and the C on emulated boards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

import milliwatt
from milliwatt.ir import Graph
from milliwatt.pipeline import Options, compile_graph
from milliwatt.runners import runner_for
from milliwatt.targets import board

Array = npt.NDArray[Any]

RUNS = {
    "meaning": ("host", "meaning", "balanced"),
    "host": ("host", "host", "balanced"),
    "host flash": ("host", "host", "flash"),
    "m4": ("nucleo-l4r5zi", "emulator", "balanced"),
    "m0": ("nucleo-g0b1re", "emulator", "flash"),
}
"""Board, runner and goal of each way to run a model."""


def expected(estimator: Any, rows: Array) -> dict[str, Array]:
    """What scikit-learn gives, by the names of the graph's outputs."""
    rows = rows.astype(np.float32)
    found: dict[str, Array] = {}
    if hasattr(estimator, "classes_"):
        found["label"] = np.searchsorted(estimator.classes_, estimator.predict(rows))
        if hasattr(estimator, "predict_proba"):
            found["probabilities"] = estimator.predict_proba(rows)
        elif hasattr(estimator, "decision_function"):
            found["decision"] = estimator.decision_function(rows)
    elif hasattr(estimator, "cluster_centers_"):
        found["label"] = estimator.predict(rows.astype(np.float64))
    elif hasattr(estimator, "transform") and not hasattr(estimator, "predict"):
        found["transformed"] = estimator.transform(rows)
    elif hasattr(estimator, "predict"):
        found["prediction"] = estimator.predict(rows)
    return found


def check(
    estimator: Any,
    rows: Array,
    *,
    runs: Sequence[str] = tuple(RUNS),
    example: Array | None = None,
    tolerance: float = 2e-6,
) -> Graph:
    """Run all rows in every way, and compare with scikit-learn.

    Args:
        estimator: fitted.
        rows: the samples, in the element type of the graph's input.
        runs: names of `RUNS`.
        example: see `milliwatt.load`.
        tolerance: of floats, relative to the largest magnitude, at least 1.
    """
    graph = milliwatt.load(estimator, example)
    wanted = expected(estimator, rows)
    assert set(wanted) == set(graph.outputs)
    kind = graph.values["input"].dtype.numpy
    for name in runs:
        target, runner_name, goal = RUNS[name]
        build = compile_graph(graph, Options(board=board(target), optimize=goal))
        runner = runner_for(build, runner_name)
        got = [runner.run([row[None].astype(kind)]) for row in rows]
        for index, output in enumerate(graph.outputs):
            ours = np.concatenate([result[index] for result in got]).reshape(len(rows), -1)
            theirs = np.asarray(wanted[output]).reshape(len(rows), -1)
            if output == "label":
                np.testing.assert_array_equal(ours, theirs, err_msg=name)
            else:
                largest = max(1.0, float(np.abs(theirs).max()))
                np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance * largest, err_msg=name)
    return graph
