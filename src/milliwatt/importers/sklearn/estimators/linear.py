# SPDX-License-Identifier: Apache-2.0
"""Linear classifiers and regressors: one fully connected layer."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from milliwatt.importers.sklearn.site import Site


def _scores(site: Site) -> str:
    return site.affine(site.data, site.estimator.coef_, site.estimator.intercept_)


def regressor(site: Site) -> Mapping[str, str]:
    """LinearRegression and those that find their coefficients in other ways."""
    return {"prediction": _scores(site)}


def decision(site: Site) -> Mapping[str, str]:
    """Classifiers that give distances from planes: one for two classes, else one for each."""
    scores = site.build.rename(_scores(site), "decision")
    two = site.build.shape_of(scores)[1] == 1
    return {"label": site.above(scores, 0.0) if two else site.argmax(scores), "decision": scores}


def logistic(site: Site) -> Mapping[str, str]:
    """LogisticRegression: the logistic function for two classes, softmax for more, normalised shares for liblinear."""
    estimator = site.estimator
    found = decision(site)
    scores = found["decision"]
    multinomial = getattr(estimator, "multi_class", "auto") == "multinomial"
    if len(estimator.classes_) == 2:
        factor = 2.0 if multinomial else 1.0
        scaled = scores if factor == 1.0 else site.build.node("MUL", [scores, site.numbers(factor)])
        return {"label": found["label"], "probabilities": site.both(site.build.node("LOGISTIC", [scaled]))}
    if getattr(estimator, "multi_class", "auto") == "ovr" or estimator.solver == "liblinear":
        shares = site.build.node("LOGISTIC", [scores])
        total = site.build.node("SUM", [shares, site.build.integers([1])], {"keep_dims": True})
        return {"label": found["label"], "probabilities": site.build.node("DIV", [shares, total])}
    return {"label": found["label"], "probabilities": site.softmax(scores)}


def components(site: Site) -> Mapping[str, str]:
    """PCA and TruncatedSVD: the centred data along the components, PCA's to unit variance where it whitens."""
    estimator = site.estimator
    matrix = np.asarray(estimator.components_, np.float64)
    if getattr(estimator, "whiten", False):
        matrix = matrix / np.sqrt(np.asarray(estimator.explained_variance_))[:, None]
    mean = getattr(estimator, "mean_", None)
    bias = np.zeros(len(matrix)) if mean is None else -matrix @ np.asarray(mean, np.float64)
    return {"transformed": site.affine(site.data, matrix, bias)}


def clusters(site: Site) -> Mapping[str, str]:
    """KMeans: the first of the nearest centres; |x|^2, which all distances share, is left out."""
    centres = np.asarray(site.estimator.cluster_centers_, np.float64)
    # From the centres' mean, where squares are small.
    origin = centres.mean(axis=0)
    near = site.build.node("SUB", [site.as_float(site.data), site.numbers(origin)])
    moved = centres - origin
    distances = site.affine(near, -2 * moved, (moved**2).sum(axis=1))
    return {"label": site.argmax(site.build.node("NEG", [distances]))}


_REGRESSORS = (
    "ARDRegression",
    "BayesianRidge",
    "ElasticNet",
    "ElasticNetCV",
    "HuberRegressor",
    "Lars",
    "Lasso",
    "LassoCV",
    "LassoLars",
    "LinearRegression",
    "LinearSVR",
    "Ridge",
    "RidgeCV",
    "SGDRegressor",
    "TheilSenRegressor",
)
_CLASSIFIERS = ("LinearSVC", "Perceptron", "RidgeClassifier", "RidgeClassifierCV", "SGDClassifier")

TRANSLATIONS = {
    **dict.fromkeys(_REGRESSORS, regressor),
    **dict.fromkeys(_CLASSIFIERS, decision),
    "KMeans": clusters,
    "LogisticRegression": logistic,
    "LogisticRegressionCV": logistic,
    "MiniBatchKMeans": clusters,
    "PCA": components,
    "TruncatedSVD": components,
}
