# SPDX-License-Identifier: Apache-2.0
"""scikit-learn as the oracle of verification."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

import milliwatt
from milliwatt import oracles
from milliwatt.errors import ToolchainError, UsageError
from milliwatt.measure.reference_sklearn import ScikitLearn
from milliwatt.pipeline import Options, compile_graph
from milliwatt.runners import runners_for
from milliwatt.targets import board
from milliwatt.verification import verify

ROWS, LABELS = load_iris(return_X_y=True)
ESTIMATORS = (
    RandomForestClassifier(5, random_state=0),
    LinearSVC(),
    LinearRegression(),
    KMeans(3, n_init=1, random_state=0),
    StandardScaler(),
)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda estimator: type(estimator).__name__)
def test_graphs_agree_with_their_estimators(estimator: Any) -> None:
    graph = milliwatt.load(estimator.fit(ROWS, LABELS))
    build = compile_graph(graph, Options(board=board("host")))
    oracle = ScikitLearn(estimator, graph)
    result = verify(build, oracle=oracle, runners=runners_for(build, ["host"]), samples=30, seed=0)
    assert result.ok
    assert "scikit-learn" in result.compared


def test_another_estimator_is_noticed() -> None:
    graph = milliwatt.load(LinearRegression().fit(ROWS, LABELS))
    build = compile_graph(graph, Options(board=board("host")))
    other = ScikitLearn(LinearRegression().fit(ROWS, -LABELS), graph)
    assert not verify(build, oracle=other, runners={}, samples=5, seed=0).ok
    with pytest.raises(UsageError, match='does not give "prediction"'):
        ScikitLearn(StandardScaler().fit(ROWS), graph)
    with pytest.raises(ToolchainError, match="failed to run"):
        other.run([np.full((1, 4), np.nan, np.float32)])


def test_verification_finds_it_for_objects_and_files(tmp_path: Path) -> None:
    estimator = ESTIMATORS[0].fit(ROWS, LABELS)
    graph = milliwatt.load(estimator)
    path = tmp_path / "forest.skops"
    skops.io.dump(estimator, path)
    data = ROWS[:1].astype(np.float32)
    for oracle in (oracles.of_object(estimator, None, graph), oracles.of_file(path, graph)):
        assert oracle.name == "scikit-learn"
        np.testing.assert_array_equal(oracle.tensors([data])["label"], estimator.predict(data))
