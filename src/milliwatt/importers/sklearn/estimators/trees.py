# SPDX-License-Identifier: Apache-2.0
"""Decision trees, random forests and extremely randomised trees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.importers.sklearn.forest import Tree, ensemble, learned_absent, power_of_two, tree_of
from milliwatt.importers.sklearn.site import Site

Array = npt.NDArray[Any]

_AMOUNTS = 2**23 - 1
"""The largest share that lists of outputs hold, see lower/tree_tables.py."""

_DIVISIBLE = (720720, 2520, 1)
"""Least common multiples of 1 to 16 and of 1 to 10: shares of so few samples are whole numbers of steps."""


def _fitted(site: Site) -> list[Any]:
    """The fitted trees of an estimator, all of the same kind."""
    estimators = getattr(site.estimator, "estimators_", None)
    trees = [site.estimator.tree_] if estimators is None else [one.tree_ for one in estimators]
    if not trees:
        raise ValueError("there are no trees")
    return trees


def takes_absent(fitted: list[Any]) -> bool:
    """Whether fitted trees learned where NaN goes."""
    return learned_absent([_samples(tree) for tree in fitted])


def _samples(tree: Any) -> tuple[Array, Array, Array]:
    inner = np.flatnonzero(np.asarray(tree.children_left) >= 0)
    samples = np.asarray(tree.n_node_samples)
    left, right = samples[tree.children_left[inner]], samples[tree.children_right[inner]]
    return left, right, np.asarray(tree.missing_go_to_left)[inner]


def steps_of_one(trees: int) -> int:
    """In how many steps a share of 1 is counted: fine, divisible by small numbers, and read back as 1 exactly."""
    most = min(_AMOUNTS, (2**31 - 1) // trees)
    for unit in _DIVISIBLE:
        for steps in range(most // unit * unit, most // 2, -unit):
            if np.float32(steps * trees) * np.float32(1 / (steps * trees)) == np.float32(1):
                return steps
    return max(1, most)


def classifier(site: Site) -> Mapping[str, str]:
    """The mean of the trees' shares of classes; the label is the first class of the largest mean."""
    estimator = site.estimator
    if getattr(estimator, "n_outputs_", 1) != 1:
        raise site.refuse("classifiers of several outputs are not supported", "fit one classifier for each")
    fitted, classes = _fitted(site), len(estimator.classes_)
    absent = takes_absent(fitted)
    trees = [_shares(tree, classes, absent=absent) for tree in fitted]
    pure = all(((tree.values == 0) | (tree.values == 1))[tree.left < 0].all() for tree in trees)
    # Where every leaf is of one class, votes are counted.
    steps = 1 if pure else steps_of_one(len(trees))
    scores = ensemble(site, trees, np.zeros(classes), 1 / steps)
    label = site.argmax(scores)
    scale = site.numbers(1 / (steps * len(trees)))
    probabilities = site.build.node("MUL", [site.as_float(scores), scale], stem="probabilities")
    return {"label": label, "probabilities": probabilities}


def _shares(fitted: Any, classes: int, *, absent: bool) -> Tree:
    values = np.asarray(fitted.value, np.float64)[:, 0, :classes]
    total = values.sum(axis=1, keepdims=True)
    return tree_of(fitted, values / np.where(total == 0, 1, total), absent=absent)


def regressor(site: Site) -> Mapping[str, str]:
    """The mean of the trees' predictions."""
    fitted = _fitted(site)
    absent = takes_absent(fitted)
    trees = [
        tree_of(tree, np.asarray(tree.value, np.float64)[:, :, 0] / len(fitted), absent=absent)
        for tree in fitted
    ]
    base = np.zeros(trees[0].values.shape[1])
    step = power_of_two(trees, base)
    sums = site.as_float(ensemble(site, trees, base, step))
    return {"prediction": site.build.node("MUL", [sums, site.numbers(step)], stem="prediction")}


TRANSLATIONS = {
    "DecisionTreeClassifier": classifier,
    "DecisionTreeRegressor": regressor,
    "ExtraTreeClassifier": classifier,
    "ExtraTreeRegressor": regressor,
    "ExtraTreesClassifier": classifier,
    "ExtraTreesRegressor": regressor,
    "RandomForestClassifier": classifier,
    "RandomForestRegressor": regressor,
}
