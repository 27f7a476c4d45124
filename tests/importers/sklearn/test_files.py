# SPDX-License-Identifier: Apache-2.0
"""Files of estimators: skops, pickles with and without trust, damage, and what is refused."""

from __future__ import annotations

import io
import pickle
from typing import Any

import joblib
import numpy as np
import pytest
import skops.io
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

import milliwatt
from milliwatt.errors import MilliwattError, ModelError, UnsupportedError, UsageError
from milliwatt.importers.request import Request
from milliwatt.importers.sklearn import load

FOREST = RandomForestClassifier(3, max_depth=3, random_state=0).fit(*load_iris(return_X_y=True))
SKOPS: bytes = skops.io.dumps(FOREST)


class Mine(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A class of the user's own."""


def joblib_bytes() -> bytes:
    """The forest as joblib writes it."""
    buffer = io.BytesIO()
    joblib.dump(FOREST, buffer)
    return buffer.getvalue()


def test_skops_files_give_the_estimator_s_graph() -> None:
    assert load(SKOPS, "random_forest_classifier", Request()).nodes == milliwatt.load(FOREST).nodes


@pytest.mark.parametrize("data", [pickle.dumps(FOREST), joblib_bytes()], ids=["pickle", "joblib"])
def test_pickles_need_trust(data: bytes) -> None:
    with pytest.raises(UnsupportedError, match="runs code") as caught:
        load(data, "model", Request())
    assert "--trust" in caught.value.hint
    assert "skops" in caught.value.hint
    assert load(data, "model", Request(trust=True)).outputs == ("label", "probabilities")


def test_skops_files_with_foreign_types_are_refused() -> None:
    with pytest.raises(UnsupportedError, match=r"Mine, which is no part of a supported estimator"):
        load(skops.io.dumps(Mine()), "model", Request())


def test_skops_files_cannot_name_functions_of_trusted_packages() -> None:
    """NumPy has functions that run the text that they are given."""
    forest = RandomForestClassifier(2, max_depth=2, random_state=0).fit(*load_iris(return_X_y=True))
    forest.extra = np.testing.rundocs
    with pytest.raises(UnsupportedError, match=r"rundocs, which is no part"):
        load(skops.io.dumps(forest), "model", Request())


@pytest.mark.parametrize(
    "estimator",
    [
        GradientBoostingRegressor(n_estimators=2),
        HistGradientBoostingClassifier(max_iter=2),
        KNeighborsClassifier(algorithm="kd_tree"),
        KNeighborsClassifier(algorithm="ball_tree"),
        MLPClassifier((3,), solver="adam", max_iter=2),
        MLPClassifier((3,), solver="sgd", max_iter=2),
        LogisticRegression(max_iter=500),
        SGDClassifier(),
        make_pipeline(StandardScaler(), SVC()),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_supported_estimators_come_back_from_skops_files(estimator: Any) -> None:
    fitted = estimator.fit(*load_iris(return_X_y=True))
    assert (
        load(skops.io.dumps(fitted), "model", Request()).nodes == milliwatt.load(fitted, name="model").nodes
    )


@pytest.mark.parametrize(
    ("estimator", "error", "words"),
    [
        (GaussianProcessRegressor(), UnsupportedError, "GaussianProcessRegressor is not supported"),
        (Mine(), UnsupportedError, "Mine is not supported"),
        (DecisionTreeClassifier(), UsageError, "not fitted"),
    ],
)
def test_other_estimators_are_refused(estimator: Any, error: type[MilliwattError], words: str) -> None:
    with pytest.raises(error, match=words):
        milliwatt.load(estimator)


def test_objects_whose_attributes_contradict_each_other_are_damage() -> None:
    broken = RandomForestClassifier(3, max_depth=3, random_state=0).fit(*load_iris(return_X_y=True))
    broken.n_features_in_ = 2
    with pytest.raises(ModelError, match="feature that is not there"):
        milliwatt.load(broken)


@pytest.mark.parametrize("seed", range(40))
def test_damaged_skops_files_are_an_error_or_a_graph(seed: int) -> None:
    """Bytes changed, cut off or repeated."""
    random = np.random.default_rng(seed)
    data = bytearray(SKOPS)
    match seed % 3:
        case 0:
            for place in random.integers(0, len(data), int(random.integers(1, 30))):
                data[place] = int(random.integers(256))
        case 1:
            del data[int(random.integers(4, len(data))) :]
        case _:
            start = int(random.integers(0, len(data) - 100))
            data[start : start + 50] = data[start + 50 : start + 100]
    try:
        graph = load(bytes(data), "model", Request())
    except MilliwattError:
        return
    assert graph.outputs == ("label", "probabilities")
