# SPDX-License-Identifier: Apache-2.0
"""scikit-learn itself, the oracle for models that come from it.

It computes in float64 where graphs have float32, and the sums of trees in float64 where graphs have integers, so that
its results are compared within the bound of floats, and labels within one (``exact`` is False).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.errors import ToolchainError, UsageError
from milliwatt.ir import Graph

Array = npt.NDArray[Any]

_METHODS = {
    "probabilities": "predict_proba",
    "decision": "decision_function",
    "prediction": "predict",
    "transformed": "transform",
}


class ScikitLearn:
    """A fitted estimator.

    Args:
        estimator: the estimator.
        graph: what was imported from it; says which outputs are wanted, of which element type and shape.

    Raises:
        UsageError: the estimator does not give one of the graph's outputs.
    """

    name = "scikit-learn"
    exact = False

    def __init__(self, estimator: Any, graph: Graph) -> None:
        self._estimator = estimator
        self._graph = graph
        for output in graph.outputs:
            if not hasattr(estimator, _METHODS.get(output, "predict")):
                raise UsageError(f'{type(estimator).__name__} does not give "{output}"', where=graph.name)

    def tensors(self, inputs: list[Array]) -> Mapping[str, Array]:
        """Run the estimator once: the graph's outputs by name.

        Raises:
            ToolchainError: scikit-learn refuses the inputs.
        """
        return dict(zip(self._graph.outputs, self.run(inputs), strict=True))

    def run(self, inputs: Sequence[Array]) -> list[Array]:
        """The outputs for one input, in the graph's element types and shapes."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = [self._output(name, inputs[0]) for name in self._graph.outputs]
        except (TypeError, ValueError) as error:
            raise ToolchainError(f"scikit-learn failed to run the model: {error}") from error
        kinds = [self._graph.values[name] for name in self._graph.outputs]
        return [
            np.asarray(array).astype(kind.dtype.numpy).reshape(kind.shape)
            for array, kind in zip(found, kinds, strict=True)
        ]

    def reset(self) -> None:
        """Estimators have no state."""

    def _output(self, name: str, rows: Array) -> Array:
        classes = getattr(self._estimator, "classes_", None)
        if name == "label":
            # Clusters take their rows in the type that they were fitted on, which is float64 mostly.
            labels = self._estimator.predict(rows if classes is not None else rows.astype(np.float64))
            return np.asarray(labels if classes is None else np.searchsorted(classes, labels))
        return np.asarray(getattr(self._estimator, _METHODS[name])(rows))
