# SPDX-License-Identifier: Apache-2.0
"""Support vector machines against scikit-learn."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR, NuSVC
from tests.importers.sklearn.agreement import check

import milliwatt
from milliwatt.errors import UnsupportedError

IRIS = load_iris(return_X_y=True)
CANCER = load_breast_cancer(return_X_y=True)
DIABETES = load_diabetes(return_X_y=True)
DIGITS = tuple(part[:300] for part in load_digits(return_X_y=True))

CASES: dict[str, tuple[Any, Any]] = {
    "rbf, two classes": (make_pipeline(StandardScaler(), SVC()), CANCER),
    "rbf, ten classes": (SVC(), DIGITS),
    "pairs": (SVC(decision_function_shape="ovo"), IRIS),
    "linear": (SVC(kernel="linear"), IRIS),
    "linear, two classes": (make_pipeline(StandardScaler(), SVC(kernel="linear")), CANCER),
    "polynomial": (make_pipeline(StandardScaler(), SVC(kernel="poly", degree=3, coef0=1.0)), IRIS),
    "sigmoid": (make_pipeline(StandardScaler(), SVC(kernel="sigmoid")), IRIS),
    "share of vectors": (NuSVC(nu=0.2), IRIS),
    "regression": (SVR(), DIABETES),
    "linear regression": (SVR(kernel="linear", C=10.0), DIABETES),
}


@pytest.mark.parametrize("name", CASES)
def test_support_vectors_give_what_scikit_learn_gives(name: str) -> None:
    estimator, (rows, targets) = CASES[name]
    estimator.fit(rows, targets)
    check(estimator, rows[:: len(rows) // 10], runs=("meaning", "host"), tolerance=1e-5)


def test_support_vectors_on_emulated_boards() -> None:
    estimator = SVC().fit(*IRIS)
    check(estimator, IRIS[0][::40], runs=("m4", "m0"), tolerance=1e-5)


def test_kernels_that_the_estimator_does_not_know_are_refused() -> None:
    estimator = SVC(kernel="poly", degree=9).fit(*IRIS)
    with pytest.raises(UnsupportedError, match="kernel"):
        milliwatt.load(estimator)
