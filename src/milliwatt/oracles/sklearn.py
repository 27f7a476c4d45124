# SPDX-License-Identifier: Apache-2.0
"""scikit-learn, for live estimators and for skops files. Pickles are not loaded a second time."""

from __future__ import annotations

from pathlib import Path

from milliwatt.importers.sklearn import takes
from milliwatt.importers.sklearn.read import estimator_of
from milliwatt.ir import Graph
from milliwatt.measure.reference_sklearn import ScikitLearn
from milliwatt.verification import Oracle

SUFFIXES = (".skops",)

__all__ = ["SUFFIXES", "of_file", "of_object", "takes"]


def of_file(path: Path, graph: Graph) -> Oracle:
    """The estimator of a file."""
    return ScikitLearn(estimator_of(path.read_bytes(), trust=False), graph)


def of_object(model: object, example: object, graph: Graph) -> Oracle:
    """The estimator itself."""
    return ScikitLearn(model, graph)
