# SPDX-License-Identifier: Apache-2.0
"""Linear models, scalers, pipelines, perceptrons, naive Bayes and clusters against scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression, Ridge, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import LinearSVC, LinearSVR
from tests.importers.sklearn.agreement import check

import milliwatt
from milliwatt.errors import UnsupportedError

IRIS = load_iris(return_X_y=True)
CANCER = load_breast_cancer(return_X_y=True)
DIABETES = load_diabetes(return_X_y=True)
DIGITS = load_digits(return_X_y=True)

CASES: dict[str, tuple[Any, Any]] = {
    "logistic, two classes": (make_pipeline(StandardScaler(), LogisticRegression()), CANCER),
    "logistic, softmax": (LogisticRegression(max_iter=500), IRIS),
    "linear": (LinearRegression(), DIABETES),
    "ridge of two": (Ridge(), (DIABETES[0], np.stack([DIABETES[1], -DIABETES[1]], axis=1))),
    "lasso": (Lasso(), DIABETES),
    "linear svc": (LinearSVC(), IRIS),
    "linear svc, two classes": (make_pipeline(MinMaxScaler(), LinearSVC()), CANCER),
    "linear svr": (LinearSVR(), DIABETES),
    "stochastic gradient": (make_pipeline(StandardScaler(), SGDClassifier(random_state=0)), IRIS),
    "robust scaler": (RobustScaler(), CANCER),
    "largest": (MaxAbsScaler(), IRIS),
    "range, clipped": (MinMaxScaler(clip=True), (IRIS[0][:60], None)),
    "l2 norm": (Normalizer(), IRIS),
    "l1 norm": (Normalizer("l1"), IRIS),
    "largest norm": (Normalizer("max"), IRIS),
    "principal components": (PCA(3, whiten=True), DIGITS),
    "singular values": (TruncatedSVD(3), IRIS),
    "clusters": (KMeans(4, n_init=1, random_state=0), DIGITS),
    "naive bayes": (GaussianNB(), IRIS),
    "perceptron": (MLPClassifier((8,), max_iter=30, random_state=0), IRIS),
    "perceptron, two classes": (
        make_pipeline(StandardScaler(), PCA(5), MLPClassifier((6, 5), activation="tanh", max_iter=30)),
        CANCER,
    ),
    "perceptron, regression": (
        MLPRegressor(hidden_layer_sizes=(6,), activation="logistic", max_iter=30),
        DIABETES,
    ),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_estimators_give_what_scikit_learn_gives(name: str) -> None:
    estimator, (rows, targets) = CASES[name]
    estimator.fit(rows, targets)
    check(estimator, rows[:: len(rows) // 10], runs=("meaning", "host"), tolerance=1e-5)


@pytest.mark.parametrize("name", ["logistic, two classes", "perceptron", "naive bayes", "clusters"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_estimators_on_emulated_boards(name: str) -> None:
    estimator, (rows, targets) = CASES[name]
    estimator.fit(rows, targets)
    check(estimator, rows[:: len(rows) // 5], runs=("m4", "m0"), tolerance=1e-5)


def test_a_function_of_the_user_s_own_is_refused() -> None:
    model = make_pipeline(FunctionTransformer(np.log1p), LinearRegression()).fit(*DIABETES)
    with pytest.raises(UnsupportedError, match="runs Python code"):
        milliwatt.load(model)
