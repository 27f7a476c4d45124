# SPDX-License-Identifier: Apache-2.0
"""Exported programs -> graphs."""

from __future__ import annotations

import operator
from typing import Any

from milliwatt.errors import InternalError, ModelError, UnsupportedError
from milliwatt.importers.graph_builder import GraphBuilder
from milliwatt.importers.quantised import to_integers
from milliwatt.importers.torch.element_types import array_of, element_type
from milliwatt.importers.torch.known import Allowance, known_result
from milliwatt.importers.torch.site import Constant, Meaning, Result, Site
from milliwatt.importers.torch.source import place, printable
from milliwatt.importers.torch.tables import translations
from milliwatt.ir import Graph, TensorType

_HINT = "write it with operators that `milliwatt ops` lists"


def translate(program: Any, name: str) -> Graph:
    """The graph of a functional program (see `program.functional`), verified and with every node supported.

    A value that the program names has its name there; others are named after their operators. Quantised programs
    become integer operators.

    Raises:
        ModelError: the program contradicts itself.
        UnsupportedError: it uses something that milliwatt does not support.
    """
    return to_integers(_Translator(program).graph(name))


class _Translator:
    def __init__(self, program: Any) -> None:
        self._program = program
        self._build = GraphBuilder(reserved=[node.name for node in program.graph.nodes])
        self._meanings: dict[Any, Meaning] = {}
        self._states: dict[str, str] = {}
        self._allowance = Allowance()
        self._named_values: set[str] = set()
        self._changed = frozenset(program.graph_signature.buffers_to_mutate.values())

    def graph(self, name: str) -> Graph:
        for node in self._program.graph.nodes:
            self._build.source = place(node)
            match node.op:
                case "placeholder":
                    self._meanings[node] = self._placeholder(node)
                case "call_function":
                    self._meanings[node] = self._call(node)
                case "output":
                    outputs = self._outputs(node)
                case _:
                    raise UnsupportedError(f"the program holds a {node.op}", where=self._build.source)
        return self._build.graph(name, outputs)

    # What comes in -----------------------------------------------------------------------------------

    def _placeholder(self, node: Any) -> Meaning:
        target = self._target(node)
        if target is not None:
            return self._state(target, node) if target in self._changed else self._stored(target, node)
        if node.name in self._program.graph_signature.user_inputs:
            return self._user_input(node)
        if node.name in self._program.graph_signature.input_tokens:
            return None  # it orders effects, such as checks of values; what takes it is refused with its line
        raise UnsupportedError(f"the program takes {node.name}, which is no tensor", where="inputs")

    def _target(self, node: Any) -> str | None:
        """The name of the parameter, buffer or constant that a node stands for; None for other nodes."""
        signature = self._program.graph_signature
        for stored in (
            signature.inputs_to_parameters,
            signature.inputs_to_buffers,
            signature.inputs_to_lifted_tensor_constants,
        ):
            if node.op == "placeholder" and node.name in stored:
                return str(stored[node.name])
        return None

    def _user_input(self, node: Any) -> Meaning:
        kind = node.meta.get("val")
        if not hasattr(kind, "shape"):
            if node.users:
                raise UnsupportedError(
                    f"input {node.name} is no tensor but {kind!r}",
                    where="inputs",
                    hint="give the module tensors only, and keep numbers as attributes",
                )
            return None
        dtype = element_type(kind.dtype, where=f"input {node.name}")
        return self._build.input(node.name, TensorType(dtype, tuple(map(int, kind.shape))))

    def _stored(self, target: str, node: Any) -> Constant:
        tensor = self._program.state_dict.get(target, self._program.constants.get(target))
        if tensor is None:
            raise ModelError(f"the program has no tensor {target}", where="parameters")
        return Constant(tensor, printable(target) or node.name)

    def _state(self, target: str, node: Any) -> str:
        """A buffer that the module writes to: a state variable, read once per run."""
        initial = array_of(self._stored(target, node).tensor, where=f"buffer {target}")
        self._build.source = f"buffer {printable(target)}"
        self._states[target] = self._build.state(printable(target), initial)
        return self._renamed(self._build.read_state(self._states[target]), node.name)

    # What is computed --------------------------------------------------------------------------------

    def _call(self, node: Any) -> Meaning:
        if node.target is operator.getitem:
            return self._item(node)
        known = known_result(node, self._meanings, self._allowance, where=self._build.source)
        if known is not None:
            return known
        translation = translations().get(str(node.target))
        if translation is None:
            raise UnsupportedError(
                f"PyTorch's operator {node.target} is not supported", where=self._build.source, hint=_HINT
            )
        return self._named(node, translation(Site(self._build, node, self._meanings)))

    def _item(self, node: Any) -> Meaning:
        source, index = node.args
        parts = self._meanings[source]
        if not isinstance(parts, tuple) or not 0 <= index < len(parts) or parts[index] is None:
            raise UnsupportedError(
                f"result {index} of {source.target} is not supported", where=self._build.source
            )
        part: Meaning = parts[index]
        return part

    def _named(self, node: Any, result: Result) -> Meaning:
        if isinstance(result, tuple):
            return self._named_parts(node, result)
        kind, expected = self._build.type_of(result), node.meta.get("val")
        if hasattr(expected, "shape"):
            found = (kind.shape, kind.dtype)
            wanted = (tuple(expected.shape), element_type(expected.dtype, where=self._build.source))
            if found != wanted:
                raise InternalError(
                    f"{node.target} became {kind} instead of {wanted[1].value}{list(wanted[0])}",
                    where=self._build.source,
                )
        return self._renamed(result, node.name)

    def _named_parts(self, node: Any, parts: tuple[str | None, ...]) -> Meaning:
        """Several results, with the names of the nodes that pick them out."""
        names = {user.args[1]: user.name for user in node.users if user.target is operator.getitem}
        return tuple(
            part if part is None or index not in names else self._renamed(part, names[index])
            for index, part in enumerate(parts)
        )

    def _renamed(self, value: str, name: str) -> str:
        """The value by the program's name, unless it has one already."""
        if value in self._named_values or self._build.producer(value) is None:
            return value
        named = self._build.rename(value, name)
        self._named_values.add(named)
        return named

    # What goes out -----------------------------------------------------------------------------------

    def _outputs(self, node: Any) -> list[str]:
        outputs = []
        for spec, argument in zip(self._program.graph_signature.output_specs, node.args[0], strict=True):
            match spec.kind.name:
                case "USER_OUTPUT":
                    if argument is not None:
                        outputs.append(self._value(argument))
                case "BUFFER_MUTATION":
                    self._build.source = f"buffer {printable(spec.target)}"
                    self._build.assign_state(self._states[spec.target], self._value(argument))
                case kind:
                    raise UnsupportedError(
                        f"the module changes its {kind.replace('_', ' ').lower()}: {spec.target}",
                        where="outputs",
                        hint="return the new value, or keep it in a buffer",
                    )
        return outputs

    def _value(self, argument: Any) -> str:
        meaning = self._meanings.get(argument) if hasattr(argument, "meta") else None
        if isinstance(meaning, Constant):
            return self._build.constant(array_of(meaning.tensor, where="outputs"), stem=meaning.name)
        if not isinstance(meaning, str):
            raise UnsupportedError(f"the output {argument!r} is no tensor", where="outputs")
        return meaning
