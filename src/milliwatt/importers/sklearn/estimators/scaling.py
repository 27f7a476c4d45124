# SPDX-License-Identifier: Apache-2.0
"""Scalers. Their factors and summands go into the weights of what follows where a pass can bring them there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from milliwatt.importers.sklearn.site import Site


def _moved(site: Site, origin: Any, scale: Any) -> Mapping[str, str]:
    """(data - origin) / scale; either may be None."""
    value = site.as_float(site.data)
    if origin is not None:
        value = site.build.node("SUB", [value, site.numbers(origin)])
    if scale is not None:
        value = site.build.node("MUL", [value, site.numbers(1 / np.asarray(scale, np.float64))])
    return {"transformed": value}


def standard(site: Site) -> Mapping[str, str]:
    """StandardScaler."""
    estimator = site.estimator
    return _moved(site, estimator.mean_ if estimator.with_mean else None, estimator.scale_)


def robust(site: Site) -> Mapping[str, str]:
    """RobustScaler."""
    return _moved(site, site.estimator.center_, site.estimator.scale_)


def largest(site: Site) -> Mapping[str, str]:
    """MaxAbsScaler."""
    return _moved(site, None, site.estimator.scale_)


def range_scaler(site: Site) -> Mapping[str, str]:
    """MinMaxScaler, with and without clip."""
    estimator = site.estimator
    scaled = site.build.node("MUL", [site.as_float(site.data), site.numbers(estimator.scale_)])
    value = site.build.node("ADD", [scaled, site.numbers(estimator.min_)])
    if getattr(estimator, "clip", False):
        low, high = estimator.feature_range
        value = site.build.node("MINIMUM", [value, site.numbers(high)])
        value = site.build.node("MAXIMUM", [value, site.numbers(low)])
    return {"transformed": value}


def normalizer(site: Site) -> Mapping[str, str]:
    """Normalizer: rows of norm 1; a row of zeros stays."""
    value, axis = site.as_float(site.data), site.build.integers([1])
    keep = {"keep_dims": True}
    kind = site.estimator.norm
    if kind == "l2":
        squares = site.build.node("SUM", [site.build.node("SQUARE", [value]), axis], keep)
        norm = site.build.node("SQRT", [squares])
    else:
        op = {"l1": "SUM", "max": "REDUCE_MAX"}[kind]
        norm = site.build.node(op, [site.build.node("ABS", [value]), axis], keep)
    # Smaller norms than the smallest normal number would not divide.
    norm = site.build.node("MAXIMUM", [norm, site.numbers(np.finfo(np.float32).tiny)])
    return {"transformed": site.build.node("DIV", [value, norm])}


def refused(site: Site) -> Mapping[str, str]:
    """FunctionTransformer."""
    raise site.refuse(
        "FunctionTransformer runs Python code of the user's own, which is not translated",
        "apply the function before the model, in the firmware",
    )


TRANSLATIONS = {
    "FunctionTransformer": refused,
    "MaxAbsScaler": largest,
    "MinMaxScaler": range_scaler,
    "Normalizer": normalizer,
    "RobustScaler": robust,
    "StandardScaler": standard,
}
