# SPDX-License-Identifier: Apache-2.0
"""Gradient boosting, on exact and on binned features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.importers.sklearn.estimators.trees import takes_absent
from milliwatt.importers.sklearn.forest import Tree, ensemble, learned_absent, power_of_two, tree_of
from milliwatt.importers.sklearn.site import Site

Array = npt.NDArray[Any]


def _column(values: Any, place: int, count: int) -> Array:
    """Values in one of several columns, the others 0."""
    table = np.zeros((len(values), count))
    table[:, place] = values
    return table


def _trees(site: Site) -> tuple[list[Tree], Array]:
    """The trees of GradientBoosting, and what they are added to."""
    estimator = site.estimator
    stages = np.asarray(estimator.estimators_, object)
    first = estimator.init_
    if first != "zero" and type(first).__name__ not in ("DummyClassifier", "DummyRegressor"):
        raise site.refuse(f"the initial estimator {type(first).__name__} is not supported", "leave init away")
    base = estimator._raw_predict_init(np.zeros((1, site.features), np.float32))[0].astype(np.float64)
    absent = takes_absent([one.tree_ for one in stages.reshape(-1)])
    rate, count = float(estimator.learning_rate), stages.shape[1]
    trees = [
        tree_of(one.tree_, _column(np.asarray(one.tree_.value)[:, 0, 0] * rate, place, count), absent=absent)
        for stage in stages
        for place, one in enumerate(stage)
    ]
    return trees, base


def _binned_trees(site: Site) -> tuple[list[Tree], Array]:
    """The trees of HistGradientBoosting, and what they are added to."""
    stages = site.estimator._predictors
    count = len(stages[0])
    if any(one.nodes["is_categorical"].any() for stage in stages for one in stage):
        raise site.refuse("categorical features are not supported", "encode them as numbers before")
    absent = learned_absent([_counts(one.nodes) for stage in stages for one in stage])
    trees = [
        _binned(one.nodes, _column(one.nodes["value"], place, count), absent=absent)
        for stage in stages
        for place, one in enumerate(stage)
    ]
    return trees, np.asarray(site.estimator._baseline_prediction, np.float64).reshape(-1)


def _counts(nodes: Any) -> tuple[Array, Array, Array]:
    inner = nodes[nodes["is_leaf"] == 0]
    samples = nodes["count"]
    return samples[inner["left"]], samples[inner["right"]], inner["missing_go_to_left"]


def _binned(nodes: Any, values: Array, *, absent: bool) -> Tree:
    leaf = nodes["is_leaf"] != 0
    return Tree(
        left=np.where(leaf, -1, nodes["left"].astype(np.int64)),
        right=np.where(leaf, -1, nodes["right"].astype(np.int64)),
        feature=nodes["feature_idx"].astype(np.int64),
        threshold=nodes["num_threshold"].astype(np.float64),
        absent_left=nodes["missing_go_to_left"] != 0 if absent else None,
        values=values,
    )


def _classifier(site: Site, trees: list[Tree], base: Array, *, or_equal: bool) -> Mapping[str, str]:
    step = power_of_two(trees, base)
    sums = ensemble(site, trees, base, step)
    label = site.above(sums, 0, or_equal=or_equal) if len(base) == 1 else site.argmax(sums)
    if len(base) > 1:
        scores = site.build.node("MUL", [site.as_float(sums), site.numbers(step)])
        return {"label": label, "probabilities": site.softmax(scores)}
    # The exponential loss is that of half the logarithm of the odds.
    factor = 2.0 if getattr(site.estimator, "loss", "") == "exponential" else 1.0
    scores = site.build.node("MUL", [site.as_float(sums), site.numbers(step * factor)])
    return {"label": label, "probabilities": site.both(site.build.node("LOGISTIC", [scores]))}


def _regressor(site: Site, trees: list[Tree], base: Array) -> str:
    step = power_of_two(trees, base)
    sums = site.as_float(ensemble(site, trees, base, step))
    return site.build.node("MUL", [sums, site.numbers(step)])


def classifier(site: Site) -> Mapping[str, str]:
    """GradientBoostingClassifier: the second of two classes from a sum of 0 on."""
    return _classifier(site, *_trees(site), or_equal=True)


def binned_classifier(site: Site) -> Mapping[str, str]:
    """HistGradientBoostingClassifier: the second of two classes above a sum of 0."""
    return _classifier(site, *_binned_trees(site), or_equal=False)


def regressor(site: Site) -> Mapping[str, str]:
    """GradientBoostingRegressor."""
    return {"prediction": _regressor(site, *_trees(site))}


def binned_regressor(site: Site) -> Mapping[str, str]:
    """HistGradientBoostingRegressor; losses with a logarithmic link end with an exponential."""
    raw = _regressor(site, *_binned_trees(site))
    if site.estimator.loss in ("poisson", "gamma"):
        return {"prediction": site.build.node("EXP", [raw])}
    return {"prediction": raw}


TRANSLATIONS = {
    "GradientBoostingClassifier": classifier,
    "GradientBoostingRegressor": regressor,
    "HistGradientBoostingClassifier": binned_classifier,
    "HistGradientBoostingRegressor": binned_regressor,
}
