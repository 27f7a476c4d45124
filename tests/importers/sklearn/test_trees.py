# SPDX-License-Identifier: Apache-2.0
"""Trees and forests against scikit-learn, and their thresholds to the last bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from tests.importers.sklearn.agreement import check

from milliwatt.importers.sklearn.estimators.trees import steps_of_one
from milliwatt.importers.sklearn.forest import lower_threshold
from milliwatt.ir import DType

DIGITS = load_digits(return_X_y=True)
IRIS = load_iris(return_X_y=True)
CANCER = load_breast_cancer(return_X_y=True)
DIABETES = load_diabetes(return_X_y=True)

CASES: dict[str, tuple[Any, Any]] = {
    "tree, digits": (DecisionTreeClassifier(random_state=0), DIGITS),
    "tree of one leaf": (DecisionTreeClassifier(min_samples_leaf=100), IRIS),
    "shallow forest, digits": (RandomForestClassifier(10, max_depth=6, random_state=0), DIGITS),
    "pure forest, iris": (RandomForestClassifier(20, random_state=0), IRIS),
    "weighted classes": (
        RandomForestClassifier(7, max_depth=4, class_weight="balanced", random_state=0),
        IRIS,
    ),
    "extra trees, cancer": (ExtraTreesClassifier(10, max_depth=5, random_state=0), CANCER),
    "regression tree": (DecisionTreeRegressor(max_depth=7, random_state=0), DIABETES),
    "regression forest": (RandomForestRegressor(8, max_depth=6, random_state=0), DIABETES),
    "regression of two": (
        ExtraTreesRegressor(5, max_depth=5, random_state=0),
        (DIABETES[0], np.stack([DIABETES[1], -DIABETES[1] / 7], axis=1)),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_forests_give_what_scikit_learn_gives(name: str) -> None:
    estimator, (rows, targets) = CASES[name]
    estimator.fit(rows, targets)
    check(estimator, rows[:: len(rows) // 12])


@pytest.mark.parametrize("dtype", [np.int16, np.uint8, np.int8])
def test_integer_features_are_compared_as_integers(dtype: type) -> None:
    estimator = RandomForestClassifier(5, max_depth=6, random_state=0).fit(*DIGITS)
    rows = DIGITS[0][::150].astype(dtype)
    graph = check(estimator, rows, example=np.zeros((1, 64), dtype), runs=("meaning", "host", "host flash"))
    assert graph.values["input"].dtype is DType(np.dtype(dtype).name)


def test_elements_beside_thresholds_go_where_scikit_learn_sends_them() -> None:
    """Each threshold itself, and the floats above and below it, of either sign."""
    random = np.random.default_rng(0)
    rows = random.normal(0, 1, (300, 3))
    estimator = DecisionTreeClassifier(random_state=0).fit(rows, random.integers(0, 4, 300))
    thresholds = estimator.tree_.threshold[estimator.tree_.children_left >= 0].astype(np.float32)
    near = [thresholds, np.nextafter(thresholds, np.float32(9)), np.nextafter(thresholds, np.float32(-9))]
    pool = np.concatenate([*near, np.float32([0.0, -0.0, 1e-45, -1e-45, 3e38, -3e38])])
    check(estimator, random.choice(pool, (150, 3)), runs=("meaning", "host", "host flash"))
    check(estimator, random.choice(pool, (10, 3)), runs=("m4", "m0"))


def test_absent_values_go_where_the_tree_learned() -> None:
    random = np.random.default_rng(1)
    rows = random.normal(0, 1, (400, 4))
    rows[random.random(rows.shape) < 0.2] = np.nan
    targets = (np.nan_to_num(rows[:, 0], nan=2.0) + np.nan_to_num(rows[:, 1], nan=-1.0) > 0.3).astype(int)
    estimator = RandomForestClassifier(6, max_depth=6, random_state=0).fit(rows, targets)
    probe = rows[:40].astype(np.float32)
    probe[::2] = np.where(np.isnan(probe[::2]), np.copysign(np.float32(np.nan), -1), probe[::2])
    check(estimator, probe)


def test_a_threshold_becomes_the_largest_float32_not_above_it() -> None:
    exact = np.array([0.1, -0.1, 1.0, 1e-60, -1e-60, -0.0, 1e300])
    low = lower_threshold(exact, DType.FLOAT32)
    assert (low.astype(np.float64) <= exact).all()
    with np.errstate(over="ignore"):
        up = np.nextafter(low, np.float32(np.inf)).astype(np.float64)
    assert (up > exact).all()
    assert not np.signbit(low[5])


@pytest.mark.parametrize("trees", [1, 3, 10, 100, 1000, 30_000])
def test_a_share_of_one_is_read_back_exactly(trees: int) -> None:
    steps = steps_of_one(trees)
    assert steps * trees < 2**31
    assert np.float32(steps * trees) * np.float32(1 / (steps * trees)) == 1.0
