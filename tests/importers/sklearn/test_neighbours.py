# SPDX-License-Identifier: Apache-2.0
"""k-nearest neighbours against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="scikit-learn is not installed (the extra sklearn)")

from sklearn import datasets
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from tests.importers.sklearn.agreement import check

import milliwatt
from milliwatt.errors import UnsupportedError


@pytest.mark.parametrize("count", [1, 4])
def test_classifiers(count: int) -> None:
    data = datasets.load_iris()
    estimator = KNeighborsClassifier(n_neighbors=count).fit(data.data[::2], data.target[::2])
    rows = data.data[1::6] + 0.013  # away from ties, which are broken by the order of float64 distances
    check(estimator, rows.astype(np.float32), runs=("meaning", "host", "m4"))


def test_regressors() -> None:
    data = datasets.load_diabetes()
    estimator = KNeighborsRegressor(n_neighbors=3).fit(data.data[:60], data.target[:60])
    check(estimator, data.data[60:80].astype(np.float32), runs=("meaning", "host"), tolerance=1e-5)


def test_what_is_refused() -> None:
    random = np.random.default_rng(1)
    data, target = random.normal(size=(3000, 16)), random.integers(0, 2, 3000)
    with pytest.raises(UnsupportedError, match="3,000 stored samples") as raised:
        milliwatt.load(KNeighborsClassifier().fit(data, target))
    assert "at most 2,048 samples" in raised.value.hint
    with pytest.raises(UnsupportedError, match="distance manhattan"):
        milliwatt.load(KNeighborsClassifier(p=1).fit(data[:50], target[:50]))
    with pytest.raises(UnsupportedError, match="with weights"):
        milliwatt.load(KNeighborsClassifier(weights="distance").fit(data[:50], target[:50]))
