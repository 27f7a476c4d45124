# SPDX-License-Identifier: Apache-2.0
"""Multi-layer perceptrons and Gaussian naive Bayes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from milliwatt.importers.sklearn.site import Site

_ACTIVATIONS = {"relu": "RELU", "tanh": "TANH", "logistic": "LOGISTIC", "identity": ""}


def _layers(site: Site) -> str:
    """All layers, the last one without its activation."""
    estimator = site.estimator
    op = _ACTIVATIONS[estimator.activation]
    value = site.as_float(site.data)
    pairs = list(zip(estimator.coefs_, estimator.intercepts_, strict=True))
    for number, (weights, bias) in enumerate(pairs, start=1):
        value = site.affine(value, np.asarray(weights).T, bias)
        if op and number < len(pairs):
            value = site.build.node(op, [value])
    return value


def classifier(site: Site) -> Mapping[str, str]:
    """MLPClassifier: a logistic output for two classes, softmax for more."""
    scores = _layers(site)
    if site.estimator.out_activation_ == "softmax":
        return {"label": site.argmax(scores), "probabilities": site.softmax(scores)}
    if site.build.shape_of(scores)[1] != 1:
        raise site.refuse("several labels at once are not supported", "fit one classifier for each")
    second = site.build.node("LOGISTIC", [scores])
    return {"label": site.above(scores, 0.0), "probabilities": site.both(second)}


def regressor(site: Site) -> Mapping[str, str]:
    """MLPRegressor."""
    if site.estimator.out_activation_ != "identity":
        raise site.refuse(f"the output activation {site.estimator.out_activation_} is not supported")
    return {"prediction": _layers(site)}


def naive_bayes(site: Site) -> Mapping[str, str]:
    """GaussianNB: logarithms of the prior and of normal densities, summed over the features."""
    estimator = site.estimator
    variance = np.asarray(estimator.var_, np.float64)
    constant = np.log(estimator.class_prior_) - 0.5 * np.log(2 * np.pi * variance).sum(axis=1)
    squares = site.build.node(
        "SQUARED_DIFFERENCE", [site.as_float(site.data), site.numbers(estimator.theta_)]
    )
    terms = site.build.node("MUL", [squares, site.numbers(-0.5 / variance)])
    sums = site.build.node("SUM", [terms, site.build.integers([1])], {"keep_dims": False})
    row = site.build.node("RESHAPE", [sums, site.build.integers([1, len(variance)])])
    scores = site.build.node("ADD", [row, site.numbers(constant)])
    return {"label": site.argmax(scores), "probabilities": site.softmax(scores)}


TRANSLATIONS = {"GaussianNB": naive_bayes, "MLPClassifier": classifier, "MLPRegressor": regressor}
