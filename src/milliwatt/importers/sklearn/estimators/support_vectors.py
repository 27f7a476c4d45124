# SPDX-License-Identifier: Apache-2.0
"""Support vector machines with linear, RBF, polynomial and sigmoid kernels; one-against-one votes for classes.

Source: Chang and Lin, "LIBSVM: a library for support vector machines", 2011.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.importers.sklearn.site import Site
from milliwatt.ir import DType

Array = npt.NDArray[Any]

_MOST_DEGREES = 8


def _kernel(site: Site) -> str:
    """The kernel between the data and every support vector, float32 [1, vectors]."""
    estimator = site.estimator
    vectors = np.asarray(estimator.support_vectors_, np.float64)
    gamma, bias = float(estimator._gamma), float(estimator.coef0)
    if estimator.kernel == "rbf":
        return _gaussian(site, vectors, gamma)
    if estimator.kernel == "linear":
        return site.affine(site.data, vectors, 0.0)
    products = site.affine(site.data, vectors * gamma, bias)
    if estimator.kernel == "sigmoid":
        return site.build.node("TANH", [products])
    degree = estimator.degree
    if estimator.kernel != "poly" or int(degree) != degree or not 1 <= degree <= _MOST_DEGREES:
        raise site.refuse(
            f"the kernel {estimator.kernel!r} of degree {degree} is not supported",
            f"take linear, rbf, sigmoid, or poly of a whole degree up to {_MOST_DEGREES}",
        )
    power = products
    for _ in range(int(degree) - 1):
        power = site.build.node("MUL", [power, products])
    return power


def _gaussian(site: Site, vectors: Array, gamma: float) -> str:
    """exp(-gamma |x - v|^2) by |x|^2 - 2 x v + |v|^2, from the vectors' mean, where squares are small."""
    origin = vectors.mean(axis=0)
    near = site.build.node("SUB", [site.as_float(site.data), site.numbers(origin)])
    moved = vectors - origin
    products = site.affine(near, 2 * gamma * moved, -gamma * (moved**2).sum(axis=1))
    squares = site.build.node("SQUARE", [near])
    total = site.build.node("SUM", [squares, site.build.integers([1])], {"keep_dims": True})
    length = site.build.node("MUL", [total, site.numbers(gamma)])
    return site.build.node("EXP", [site.build.node("SUB", [products, length])])


def _pairs(site: Site, classes: int) -> str:
    """The decision of each pair of classes; one of two classes, whose positive side is the second."""
    estimator = site.estimator
    dual, intercept = np.asarray(estimator.dual_coef_, np.float64), np.asarray(estimator.intercept_)
    if classes == 2:
        weights = dual
    else:
        ends = np.cumsum([0, *estimator.n_support_])
        pairs = list(itertools.combinations(range(classes), 2))
        weights = np.zeros((len(pairs), dual.shape[1]))
        for row, (first, second) in enumerate(pairs):
            own, other = slice(ends[first], ends[first + 1]), slice(ends[second], ends[second + 1])
            weights[row, own] = dual[second - 1, own]
            weights[row, other] = dual[first, other]
    if estimator.kernel == "linear":
        return site.affine(site.data, weights @ np.asarray(estimator.support_vectors_), intercept)
    return site.affine(_kernel(site), weights, intercept)


def classifier(site: Site) -> Mapping[str, str]:
    """SVC and NuSVC: each pair of classes has a vote, the first class of most votes wins."""
    estimator, build = site.estimator, site.build
    classes = len(estimator.classes_)
    if getattr(estimator, "break_ties", False):
        raise site.refuse("break_ties is not supported", "leave it away")
    decisions = _pairs(site, classes)
    if classes == 2 or estimator.decision_function_shape == "ovo":
        decisions = build.rename(decisions, "decision")
    if classes == 2:
        return {"label": site.above(decisions, 0.0), "decision": decisions}
    pairs = list(itertools.combinations(range(classes), 2))
    signs = np.zeros((classes, len(pairs)))
    for column, (first, second) in enumerate(pairs):
        signs[first, column], signs[second, column] = 1.0, -1.0
    won = build.node("GREATER", [decisions, site.numbers(0.0)], dtype=DType.BOOL)
    attrs = {"in_data_type": "BOOL", "out_data_type": "FLOAT32"}
    points = build.node("CAST", [won], attrs, dtype=DType.FLOAT32)
    votes = site.affine(points, signs, (signs < 0).sum(axis=1))
    label = site.argmax(votes)
    if estimator.decision_function_shape == "ovo":
        return {"label": label, "decision": decisions}
    sums = site.affine(decisions, signs, 0.0)
    size = build.node("ADD", [build.node("ABS", [sums]), site.numbers(1.0)])
    share = build.node("DIV", [sums, build.node("MUL", [size, site.numbers(3.0)])])
    return {"label": label, "decision": build.node("ADD", [votes, share], stem="decision")}


def regressor(site: Site) -> Mapping[str, str]:
    """SVR and NuSVR."""
    return {"prediction": _pairs(site, 2)}


TRANSLATIONS = {"NuSVC": classifier, "NuSVR": regressor, "SVC": classifier, "SVR": regressor}
