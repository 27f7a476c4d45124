# SPDX-License-Identifier: Apache-2.0
"""Gradient boosting against scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.linear_model import LogisticRegression
from tests.importers.sklearn.agreement import check

import milliwatt
from milliwatt.errors import UnsupportedError

IRIS = load_iris(return_X_y=True)
CANCER = load_breast_cancer(return_X_y=True)
DIABETES = load_diabetes(return_X_y=True)

CASES: dict[str, tuple[Any, Any]] = {
    "two classes": (GradientBoostingClassifier(n_estimators=20, random_state=0), CANCER),
    "exponential loss": (GradientBoostingClassifier(n_estimators=9, loss="exponential"), CANCER),
    "three classes": (GradientBoostingClassifier(n_estimators=10, random_state=0), IRIS),
    "no initial estimator": (GradientBoostingClassifier(n_estimators=5, init="zero"), IRIS),
    "dummy": (GradientBoostingClassifier(n_estimators=5, init=DummyClassifier()), IRIS),
    "regression": (GradientBoostingRegressor(n_estimators=20, random_state=0), DIABETES),
    "binned, two classes": (HistGradientBoostingClassifier(max_iter=10), CANCER),
    "binned, three classes": (HistGradientBoostingClassifier(max_iter=8), IRIS),
    "binned regression": (HistGradientBoostingRegressor(max_iter=10), DIABETES),
    "binned, logarithmic link": (HistGradientBoostingRegressor(loss="poisson", max_iter=5), DIABETES),
}


@pytest.mark.parametrize("name", CASES)
def test_boosted_trees_give_what_scikit_learn_gives(name: str) -> None:
    estimator, (rows, targets) = CASES[name]
    # Binned trees take float64: features that float32 holds make both see the same.
    rows = rows.astype(np.float32)
    estimator.fit(rows, targets)
    check(estimator, rows[:: len(rows) // 10], runs=("meaning", "host", "m0"))


def test_absent_values_of_binned_trees() -> None:
    random = np.random.default_rng(1)
    rows = random.normal(0, 1, (400, 4)).astype(np.float32)
    rows[random.random(rows.shape) < 0.2] = np.nan
    targets = np.nan_to_num(rows[:, 0], nan=2.0) + np.nan_to_num(rows[:, 1], nan=-1.0) > 0.3
    check(HistGradientBoostingClassifier(max_iter=10).fit(rows, targets), rows[:40])


def test_what_trees_cannot_express_is_refused() -> None:
    categories = HistGradientBoostingClassifier(max_iter=3, categorical_features=[0])
    rows = np.random.default_rng(0).integers(0, 5, (200, 2)).astype(np.float32)
    with pytest.raises(UnsupportedError, match="categorical"):
        milliwatt.load(categories.fit(rows, rows[:, 0] % 2))
    other = GradientBoostingClassifier(n_estimators=2, init=LogisticRegression(max_iter=500))
    with pytest.raises(UnsupportedError, match="initial estimator LogisticRegression"):
        milliwatt.load(other.fit(*IRIS))
