# SPDX-License-Identifier: Apache-2.0
"""Modules -> exported programs: functional, in evaluation mode, with every extent fixed.

PyTorch decomposes what no translation takes. What one takes is kept whole (a convolution, an LSTM, an
attention), so that structure survives.
"""

from __future__ import annotations

import functools
import io
import warnings
from contextlib import redirect_stderr
from typing import Any

from milliwatt.errors import MilliwattError, UnsupportedError, UsageError
from milliwatt.importers import ImportNotice
from milliwatt.importers.torch.failure import depends_on_data, place_of, words_of
from milliwatt.importers.torch.framework import torch
from milliwatt.importers.torch.silence import silence
from milliwatt.importers.torch.tables import translations

_EXPORT_HINT = (
    "torch.export.export(module.eval(), example) must take it; PyTorch's guide to torch.export helps"
)


def exported(module: Any, example: tuple[Any, ...]) -> Any:
    """The torch.export.ExportedProgram of a module for inputs of the example's shapes, ready to be translated.

    The module is exported in evaluation mode and left in the mode it was in.

    Raises:
        UsageError: the module cannot be called with these inputs.
        UnsupportedError: torch.export refuses the module.
    """
    framework = torch()
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        with framework.no_grad(), silence():
            _try_run(module, example)
            # Before it raises, torch.export prints the part of the program that it has.
            with redirect_stderr(io.StringIO()):
                program = framework.export.export(module, example)
            return functional(program)
    except MilliwattError:
        raise
    except Exception as error:
        raise _refusal(error, type(module).__name__) from error
    finally:
        for part, mode in modes:
            part.training = mode


def functional(program: Any) -> Any:
    """The program with fixed extents, without changes in place, decomposed to what there are translations for."""
    static = _with_fixed_extents(program)
    with torch().no_grad(), silence():
        return static.run_decompositions(dict(_decompositions()))


@functools.cache
def _decompositions() -> dict[Any, Any]:
    """PyTorch's decompositions of the operators that no translation takes."""
    table = torch().export.default_decompositions()
    return {operator: table[operator] for operator in list(table) if str(operator) not in translations()}


def input_nodes(program: Any) -> list[Any]:
    """The nodes of the user's inputs, in order."""
    names = set(program.graph_signature.user_inputs)
    return [node for node in program.graph.nodes if node.op == "placeholder" and node.name in names]


def _with_fixed_extents(program: Any) -> Any:
    """The program itself, or exported again with a batch of 1 where it leaves the batch open.

    Raises:
        UnsupportedError: an extent other than the first is open.
    """
    nodes = [node for node in input_nodes(program) if hasattr(node.meta.get("val"), "shape")]
    if all(type(extent) is int for node in nodes for extent in node.meta["val"].shape):
        return program
    framework = torch()
    example = []
    for node in nodes:
        shape = node.meta["val"].shape
        if any(type(extent) is not int for extent in shape[1:]):
            raise UnsupportedError(
                f'input "{node.name}" has the dynamic shape {[str(extent) for extent in shape]}',
                where="inputs",
                hint="export the model with a fixed input shape (without dynamic_shapes)",
            )
        if type(shape[0]) is not int:
            warnings.warn(f'the batch of input "{node.name}" is fixed to 1', ImportNotice, stacklevel=2)
        fixed = [extent if type(extent) is int else 1 for extent in shape]
        example.append(framework.zeros(fixed, dtype=node.meta["val"].dtype))
    with framework.no_grad(), silence():
        return framework.export.export(program.module(), tuple(example))


def _try_run(module: Any, example: tuple[Any, ...]) -> None:
    try:
        _copy_of_state_restored(module, example)
    except Exception as error:
        shapes = ", ".join(f"{str(one.dtype).removeprefix('torch.')} {list(one.shape)}" for one in example)
        raise UsageError(
            f"the module cannot be called with the example: {words_of(error)}",
            where=place_of(error, type(module).__name__),
            hint=f"give the inputs that its forward takes; it was called with {shapes}",
        ) from error


def _refusal(error: Exception, name: str) -> UnsupportedError:
    """torch.export's refusal in the user's words."""
    if depends_on_data(error):
        return UnsupportedError(
            "the module branches, or makes a shape, by the values of a tensor, which torch.export cannot export",
            where=place_of(error, name),
            hint="compute both branches and choose with torch.where",
        )
    return UnsupportedError(
        f"torch.export cannot export the module: {words_of(error)}",
        where=place_of(error, name),
        hint=_EXPORT_HINT,
    )


def _copy_of_state_restored(module: Any, example: tuple[Any, ...]) -> None:
    """Call the module once and give its buffers back what they held."""
    kept = {name: buffer.detach().clone() for name, buffer in module.named_buffers()}
    try:
        module(*example)
    finally:
        for name, buffer in module.named_buffers():
            if name in kept and buffer.shape == kept[name].shape:
                buffer.detach().copy_(kept[name])
