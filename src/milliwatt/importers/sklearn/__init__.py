# SPDX-License-Identifier: Apache-2.0
"""Fitted scikit-learn estimators: live objects, .skops files, and pickles that the user trusts.

`read` makes an estimator of a file, `known` finds the translation of an estimator by its class, one file of
`estimators` for each family. A classifier gives ``label``, the int32 index into its ``classes_``, and
``probabilities`` or ``decision``; a regressor ``prediction``; a transformer ``transformed``. Needs the
extra ``sklearn``.
"""

from __future__ import annotations

import sys

from milliwatt.importers.request import Request
from milliwatt.ir import Graph

SUFFIXES = (".skops", ".joblib", ".pkl", ".pickle")

__all__ = ["SUFFIXES", "from_object", "load", "takes"]


def takes(model: object) -> bool:
    """Whether the object is an estimator of scikit-learn."""
    base = sys.modules.get("sklearn.base")
    return base is not None and isinstance(model, base.BaseEstimator)


def from_object(model: object, example: object, name: str, request: Request) -> Graph:
    """The graph of a fitted estimator.

    Args:
        model: the estimator.
        example: None, or an array whose element type the graph's input shall have: trees also take int16, int8 and
            uint8, for features that are such integers. Its values are not looked at.
        name: the graph's name.
        request: shapes are refused, they follow from the estimator.

    Raises:
        UsageError: the estimator is not fitted.
        UnsupportedError: it, or one of its options, is not supported.
    """
    from milliwatt.importers.sklearn.build import graph_of

    request.refuse_shapes("scikit-learn")
    return graph_of(model, example, name)


def load(data: bytes, name: str, request: Request) -> Graph:
    """The graph of an estimator in a file: skops, or with ``request.trust`` joblib or pickle.

    Raises:
        ModelError: the bytes are damaged.
        UnsupportedError: they are a pickle that the user does not trust, or hold what is not supported.
        ToolchainError: scikit-learn or skops is not installed.
    """
    from milliwatt.importers.sklearn.build import graph_of
    from milliwatt.importers.sklearn.read import estimator_of

    request.refuse_shapes("scikit-learn")
    return graph_of(estimator_of(data, trust=request.trust), None, name)
