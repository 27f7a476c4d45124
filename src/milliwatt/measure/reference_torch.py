# SPDX-License-Identifier: Apache-2.0
"""PyTorch itself, as the oracle for imported programs: operator by operator, with every value and the state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.errors import ToolchainError, UsageError

Array = npt.NDArray[Any]


class TorchReference:
    """A functional torch.export.ExportedProgram (`importers.torch.program`), run by PyTorch.

    Args:
        program: the program that was translated.
        outputs: the names that the imported graph has for the program's outputs, in order.
    """

    name = "torch"
    exact = False
    """Quantised programs are simulated by PyTorch in floats, so that integers may be off by one."""

    def __init__(self, program: Any, outputs: Sequence[str]) -> None:
        self._program = program
        self._outputs = tuple(outputs)
        self._state: dict[str, Any] = {}
        self.reset()

    def reset(self) -> None:
        """Set all buffers that the program changes to what they hold before the first run."""
        changed = self._program.graph_signature.buffers_to_mutate.values()
        self._state = {}
        self._state = {target: self._stored(target).clone() for target in changed}

    def run(self, inputs: Sequence[Array]) -> list[Array]:
        """Run the program once; state is kept for the next run.

        Args:
            inputs: one array per input, in the program's order.

        Returns:
            One array per output.

        Raises:
            UsageError: there are too few or too many inputs.
            ToolchainError: PyTorch fails.
        """
        values = self.tensors(inputs)
        return [values[name] for name in self._outputs]

    def tensors(self, inputs: Sequence[Array]) -> dict[str, Array]:
        """Run the program once and return every tensor by the name that the imported graph has for it."""
        values, results = self._run(inputs)
        outputs = []
        for spec, result in zip(self._program.graph_signature.output_specs, results, strict=True):
            if spec.kind.name == "BUFFER_MUTATION":
                self._state[spec.target] = result.clone()
            elif result is not None:
                outputs.append(result)
        shown = {node.name: _array(value) for node, value in values.items() if hasattr(value, "numpy")}
        return shown | {name: _array(tensor) for name, tensor in zip(self._outputs, outputs, strict=True)}

    def _run(self, inputs: Sequence[Array]) -> tuple[dict[Any, Any], Sequence[Any]]:
        """What every node gives, and the outputs."""
        import torch

        values: dict[Any, Any] = {}
        arguments = iter(self._arguments([torch.from_numpy(np.array(array)) for array in inputs]))
        results: Sequence[Any] = ()
        try:
            with torch.no_grad():
                for node in self._program.graph.nodes:
                    args, kwargs = torch.fx.map_arg((node.args, node.kwargs), values.__getitem__)
                    if node.op == "placeholder":
                        values[node] = next(arguments)
                    elif node.op == "output":
                        results = args[0]
                    else:
                        values[node] = node.target(*args, **kwargs)
        except (RuntimeError, IndexError, TypeError, ValueError) as error:
            raise ToolchainError(f"PyTorch cannot run the program: {error}") from error
        return values, results

    def _arguments(self, inputs: Sequence[Any]) -> list[Any]:
        """One per placeholder: parameters, buffers, constants and what the user gives."""
        signature = self._program.graph_signature
        waiting = list(inputs)
        stored = {
            **signature.inputs_to_parameters,
            **signature.inputs_to_buffers,
            **signature.inputs_to_lifted_tensor_constants,
        }
        wanted = [
            node.name
            for node in self._program.graph.nodes
            if node.op == "placeholder" and node.name not in stored and hasattr(node.meta.get("val"), "shape")
        ]
        if len(wanted) != len(waiting):
            raise UsageError(f"the program has {len(wanted)} inputs, {len(waiting)} were given")
        arguments = []
        for node in self._program.graph.nodes:
            if node.op != "placeholder":
                continue
            if node.name in stored:
                arguments.append(self._stored(stored[node.name]))
            else:
                arguments.append(waiting.pop(0) if node.name in wanted else node.meta.get("val"))
        return arguments

    def _stored(self, target: str) -> Any:
        if target in self._state:
            return self._state[target]
        tensor = self._program.state_dict.get(target)
        return self._program.constants[target] if tensor is None else tensor


def _array(tensor: Any) -> Array:
    """The tensor as an array of its own."""
    import torch

    narrow = tensor.to(torch.float32) if tensor.is_floating_point() else tensor
    return np.array(narrow.detach().contiguous().numpy())
