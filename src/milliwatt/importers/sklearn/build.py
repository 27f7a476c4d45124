# SPDX-License-Identifier: Apache-2.0
"""An estimator -> a graph: the input, what the translation makes of it, and the outputs in their order."""

from __future__ import annotations

from typing import Any

import numpy as np

from milliwatt.errors import MilliwattError, ModelError, UnsupportedError, UsageError
from milliwatt.importers.graph_builder import GraphBuilder
from milliwatt.importers.sklearn.known import translation_of
from milliwatt.importers.sklearn.site import Site
from milliwatt.ir import DType, Graph, TensorType

OUTPUTS = ("label", "probabilities", "decision", "prediction", "transformed")

MAX_FEATURES = 1 << 16

_INPUTS = {kind.value: kind for kind in (DType.FLOAT32, DType.INT16, DType.INT8, DType.UINT8)}


def graph_of(estimator: Any, example: object, name: str) -> Graph:
    """The graph of a fitted estimator; see the package.

    Raises:
        UsageError: it is not fitted.
        ModelError: what it holds contradicts itself, as in a damaged file.
        UnsupportedError: it, or one of its options, is not supported.
    """
    where = type(estimator).__name__
    translate = translation_of(estimator, where)
    build = GraphBuilder()
    build.source = where
    try:
        data = build.input("input", TensorType(_input_type(example), (1, _features(estimator, where))))
        results = dict(translate(Site(estimator, build, data)))
        build.source = where
        named = [_named(build, results[key], key) for key in OUTPUTS if key in results]
        return build.graph(name, named)
    except MilliwattError:
        raise
    # Attributes of a damaged file can be of any type and shape, which shows wherever they are used first.
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        text = (str(error).strip() or type(error).__name__).splitlines()[0][:300]
        raise ModelError(f"the estimator's attributes contradict each other: {text}", where=where) from error


def _features(estimator: Any, where: str) -> int:
    count = getattr(estimator, "n_features_in_", None)
    if not isinstance(count, int | np.integer):
        raise UsageError(
            "the estimator does not say how many features it takes", where=where, hint="fit it again"
        )
    if not 0 < count <= MAX_FEATURES:
        raise UnsupportedError(f"the estimator takes {count} features, not 1 to {MAX_FEATURES}", where=where)
    return int(count)


def _input_type(example: object) -> DType:
    """The element type that the example has; float32 where there is none, and for wider types."""
    array = np.asarray(example[0] if isinstance(example, tuple) and len(example) == 1 else example)
    return _INPUTS.get(array.dtype.name, DType.FLOAT32)


def _named(build: GraphBuilder, value: str, name: str) -> str:
    """The value under an output's name, where it can have it; inputs and constants are copied."""
    if build.producer(value) is None:
        value = build.node("RESHAPE", [value, build.integers(build.shape_of(value))])
    return value if value == name else build.rename(value, name)
