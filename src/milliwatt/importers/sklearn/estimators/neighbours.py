# SPDX-License-Identifier: Apache-2.0
"""k-nearest neighbours: all stored samples are compared, then the nearest is taken k times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from milliwatt.importers.sklearn.site import Site
from milliwatt.ir import DType

MAX_BYTES = 128 * 1024
"""Of stored samples in float32: every prediction reads all of them."""

_FARTHEST = float(np.finfo(np.float32).min)


def classifier(site: Site) -> Mapping[str, str]:
    """KNeighborsClassifier: the share of each class among the k nearest, and the first of the most frequent."""
    classes = len(site.estimator.classes_)
    if np.ndim(site.estimator._y) != 1:
        raise site.refuse("several outputs are not supported", "fit one classifier for each")
    labels = site.build.constant(np.asarray(site.estimator._y, np.int32), stem="labels")
    every = site.build.integers(range(classes), stem="classes")
    votes = None
    for nearest in _nearest(site):
        label = site.build.node("GATHER", [labels, nearest], {"axis": 0}, dtype=DType.INT32)
        mine = site.build.node("EQUAL", [every, label], dtype=DType.BOOL)
        attrs = {"in_data_type": "BOOL", "out_data_type": "FLOAT32"}
        vote = site.build.node("CAST", [mine], attrs, dtype=DType.FLOAT32)
        votes = vote if votes is None else site.build.node("ADD", [votes, vote])
    assert votes is not None
    row = site.build.node("RESHAPE", [votes, site.build.integers([1, classes])], {"new_shape": (1, classes)})
    share = site.numbers(1.0 / site.estimator.n_neighbors)
    return {
        "label": site.argmax(row),
        "probabilities": site.build.node("MUL", [row, share], stem="probabilities"),
    }


def regressor(site: Site) -> Mapping[str, str]:
    """KNeighborsRegressor: the mean of what the k nearest have."""
    targets = np.asarray(site.estimator._y, np.float64)
    if targets.ndim != 1:
        raise site.refuse("several outputs are not supported", "fit one regressor for each")
    # A part of each, so that the sum is the mean.
    parts = site.numbers(targets / site.estimator.n_neighbors)
    total = None
    for nearest in _nearest(site):
        part = site.build.node("GATHER", [parts, nearest], {"axis": 0}, dtype=DType.FLOAT32)
        total = part if total is None else site.build.node("ADD", [total, part])
    assert total is not None
    return {"prediction": total}


def _nearest(site: Site) -> Iterator[str]:
    """The indices, int32 [1], of the nearest stored sample, of the second nearest, ….

    |x - s|² = |x|² - 2 x·s + |s|², of which |x|² is the same for all samples.
    """
    _refuse(site)
    samples = np.asarray(site.estimator._fit_X, np.float64)
    # From the samples' mean, where squares are small.
    origin = samples.mean(axis=0)
    near = site.build.node("SUB", [site.as_float(site.data), site.numbers(origin)])
    moved = samples - origin
    closeness = site.affine(near, 2 * moved, -(moved**2).sum(axis=1))
    numbers = site.build.integers(range(len(samples)), stem="numbers")
    farthest = site.numbers(_FARTHEST)
    nearest = site.argmax(closeness, stem="nearest")
    yield nearest
    shape = (1, len(samples))
    for _ in range(1, site.estimator.n_neighbors):
        taken = site.build.node("EQUAL", [numbers, nearest], dtype=DType.BOOL)
        mask = site.build.node(
            "RESHAPE", [taken, site.build.integers(shape)], {"new_shape": shape}, dtype=DType.BOOL
        )
        closeness = site.build.node("SELECT_V2", [mask, farthest, closeness], dtype=DType.FLOAT32)
        nearest = site.argmax(closeness, stem="nearest")
        yield nearest


def _refuse(site: Site) -> None:
    """Refuse other distances and weights, and more samples than a microcontroller reads for one prediction."""
    estimator = site.estimator
    euclidean = estimator.effective_metric_ == "euclidean"
    if not euclidean:
        raise site.refuse(
            f"the distance {estimator.effective_metric_} is not supported", "use the Euclidean one"
        )
    if estimator.weights not in ("uniform", None):
        raise site.refuse("neighbours with weights are not supported", "use weights='uniform'")
    samples = estimator._fit_X
    if not isinstance(samples, np.ndarray):
        raise site.refuse("sparse samples are not supported", "fit dense ones")
    size = samples.size * 4
    if size > MAX_BYTES:
        fitting = MAX_BYTES // (4 * samples.shape[1])
        raise site.refuse(
            f"{len(samples):,} stored samples take {size:,} bytes; at most {MAX_BYTES:,} are taken",
            f"fit on at most {fitting:,} samples, for example on the centres of KMeans of each class",
        )


TRANSLATIONS = {"KNeighborsClassifier": classifier, "KNeighborsRegressor": regressor}
