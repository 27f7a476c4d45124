# SPDX-License-Identifier: Apache-2.0
"""The configuration of a Keras model -> a graph. Models inside of models are translated in place."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from milliwatt.errors import ModelError, UnsupportedError, UsageError
from milliwatt.importers import ImportNotice
from milliwatt.importers.graph_builder import GraphBuilder
from milliwatt.importers.keras.archive import Archive
from milliwatt.importers.keras.calls import Key, LayerCall, calls_of, keys_of
from milliwatt.importers.keras.layer import Layer
from milliwatt.importers.keras.layers import find
from milliwatt.importers.request import Request
from milliwatt.ir import DType, Graph, Shape, TensorType

_MODELS = ("Functional", "Model", "Sequential")
_LAYERS = 10_000


def translate(archive: Archive, name: str, request: Request) -> Graph:
    """The graph of a model.

    Raises:
        ModelError: the configuration is damaged.
        UnsupportedError: a layer is not supported.
        UsageError: a shape of the user's does not fit.
    """
    build = GraphBuilder()
    network = _Network(archive, build, request)
    outputs = network.model(archive.config, (), None)
    network.check_shapes()
    return build.graph(name, outputs)


class _Network:
    """A model being translated."""

    def __init__(self, archive: Archive, build: GraphBuilder, request: Request) -> None:
        self._archive = archive
        self._build = build
        self._request = request
        self._asked: set[str] = set()
        self._layers = 0

    def check_shapes(self) -> None:
        """Refuse shapes for inputs that there are not."""
        unknown = set(self._request.input_shapes) - self._asked - {""}
        if unknown:
            raise UsageError(
                f"the model has no input {sorted(unknown)[0]}", hint="`milliwatt inspect` shows its inputs"
            )

    def model(
        self, entry: Mapping[str, Any], path: tuple[str, ...], values: Sequence[str] | None
    ) -> list[str]:
        """Translate a model.

        Args:
            entry: class name and configuration.
            path: names of the models around it and its own; empty for the outermost.
            values: what a model inside another one is called with; None makes graph inputs.

        Returns:
            The outputs.
        """
        kind, config = entry.get("class_name"), entry.get("config")
        if kind not in _MODELS or not isinstance(config, Mapping):
            raise UnsupportedError(
                f"a model of class {str(kind)[:60]} is not supported",
                hint="build it with keras.Sequential or the functional API: a subclass keeps its graph in Python code",
            )
        entries = config.get("layers")
        if not isinstance(entries, list) or not all(isinstance(item, Mapping) for item in entries):
            raise ModelError("the list of layers is damaged", where="/".join(path))
        self._layers += len(entries)
        if self._layers > _LAYERS:
            raise UnsupportedError(f"the model has more than {_LAYERS:,} layers")
        if kind == "Sequential":
            return self._sequence(entries, config, path, values)
        return self._functional(entries, config, path, values)

    def _sequence(
        self,
        entries: Sequence[Mapping[str, Any]],
        config: Mapping[str, Any],
        path: tuple[str, ...],
        values: Sequence[str] | None,
    ) -> list[str]:
        if not entries:
            raise ModelError("the model has no layers", where="/".join(path))
        current = list(values or [])
        if values is None and entries[0].get("class_name") != "InputLayer":
            first = _config(entries[0])
            shape = (
                first.get("batch_input_shape") or first.get("batch_shape") or config.get("build_input_shape")
            )
            current = [self._input("input", shape, first.get("dtype"))]
        for entry in entries:
            if entry.get("class_name") == "InputLayer":
                current = current or [self._input_layer(entry)]
            else:
                current = self._call(entry, path, current)
        return current

    def _functional(
        self,
        entries: Sequence[Mapping[str, Any]],
        config: Mapping[str, Any],
        path: tuple[str, ...],
        values: Sequence[str] | None,
    ) -> list[str]:
        found: dict[Key, str] = {}
        inputs = keys_of(config.get("input_layers"))
        by_name = {str(entry.get("name") or _config(entry).get("name")): entry for entry in entries}
        if values is not None and len(values) != len(inputs):
            raise ModelError(f"the model takes {len(inputs)} values", where="/".join(path))
        for index, key in enumerate(inputs):
            if key[0] not in by_name:
                raise ModelError(f"the input {key[0][:60]} is missing", where="/".join(path))
            found[key] = self._input_layer(by_name[key[0]]) if values is None else values[index]
        for name, entry, call in _in_order(by_name, found):
            given = self._call(entry, path, [found[key] for key in call.inputs])
            found.update({(name, call.number, index): value for index, value in enumerate(given)})
        outputs = keys_of(config.get("output_layers"))
        missing = [key[0] for key in outputs if key not in found]
        if missing:
            raise ModelError(f"the output {missing[0][:60]} is never computed", where="/".join(path))
        return [found[key] for key in outputs]

    def _call(self, entry: Mapping[str, Any], path: tuple[str, ...], values: Sequence[str]) -> list[str]:
        config = _config(entry)
        name = _printable(config.get("name") or entry.get("name") or entry.get("class_name"))
        kind = _printable(entry.get("class_name"))
        if kind in _MODELS:
            return self.model(entry, (*path, name), values)
        where = "/".join((*path, name))
        self._build.source = f'{kind} "{where}"'
        _refuse_types(config, self._build.source)
        arrays = self._archive.weights.of((*path, name))
        layer = Layer(kind, where, config, arrays, self._build, self._archive.major)
        if not values:
            raise ModelError("the layer is called with nothing", where=layer.where)
        given = find(layer)(layer, list(values))
        outputs = list(given) if isinstance(given, tuple) else [given]
        if outputs[0] not in values and self._build.producer(outputs[0]) is not None:
            # Users know values by the names of layers.
            outputs[0] = self._build.rename(outputs[0], where)
        return outputs

    def _input_layer(self, entry: Mapping[str, Any]) -> str:
        config = _config(entry)
        shape = config.get("batch_shape") or config.get("batch_input_shape")
        return self._input(_printable(config.get("name") or "input"), shape, config.get("dtype"))

    def _input(self, name: str, shape: Any, dtype: Any) -> str:
        index = len(self._asked)
        self._asked.add(name)
        wanted = self._request.shape_of(name, index)
        kind = {"float32": DType.FLOAT32, "int32": DType.INT32, "int64": DType.INT64}.get(_type_name(dtype))
        if kind is None:
            raise UnsupportedError(f"inputs of type {_type_name(dtype)} are not supported", where=name)
        return self._build.input(name, TensorType(kind, _fixed(name, shape, wanted)))


def _in_order(
    entries: Mapping[str, Mapping[str, Any]], found: Mapping[Key, str]
) -> Iterator[tuple[str, Mapping[str, Any], LayerCall]]:
    """The calls of all layers, each behind those that make what it takes.

    ``found`` grows between two calls of this generator.
    """
    waiting = [
        (name, entry, call) for name, entry in entries.items() for call in calls_of(entry) if call.inputs
    ]
    while waiting:
        later = []
        for item in waiting:
            if all(key in found for key in item[2].inputs):
                yield item
            else:
                later.append(item)
        if len(later) == len(waiting):
            raise ModelError(
                "the layers depend on each other in a circle, or on one that is missing", where=later[0][0]
            )
        waiting = later


def _fixed(name: str, shape: Any, wanted: Shape | None) -> Shape:
    """The input's shape, with the batch 1 and the user's extents where the model leaves them open."""
    if not isinstance(shape, list) or not all(extent is None or isinstance(extent, int) for extent in shape):
        raise UsageError(
            "the model does not say the shape of its input", where=name, hint="--input-shape, as 1x32x32x3"
        )
    if wanted is not None:
        fits = len(wanted) == len(shape) and all(
            extent in (None, given) for extent, given in zip(shape, wanted, strict=True)
        )
        if not fits:
            raise UsageError(f"the shape {list(wanted)} does not fit {shape}", where=name)
        return wanted
    if None in shape[1:]:
        example = "x".join(str(extent or "N") for extent in (shape[0] or 1, *shape[1:]))
        raise UsageError(
            f"the model leaves open the shape {shape} of its input",
            where=name,
            hint=f"--input-shape {example}, with numbers for N",
        )
    if shape and shape[0] is None:
        warnings.warn(
            f"the batch of input {name} is open in the model; it is 1 here", ImportNotice, stacklevel=2
        )
        return (1, *shape[1:])
    return tuple(shape)


def _config(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    config = entry.get("config", {})
    if not isinstance(config, Mapping):
        raise ModelError("the configuration of a layer is damaged", where=str(entry.get("name"))[:100])
    return config


def _type_name(dtype: Any) -> str:
    """The name of an element type or of a policy of types."""
    if isinstance(dtype, Mapping):
        dtype = dtype.get("config", {}).get("name")
    return str(dtype or "float32")[:60]


def _refuse_types(config: Mapping[str, Any], where: str) -> None:
    found = _type_name(config.get("dtype"))
    if found not in ("float32", "int32", "int64"):
        raise UnsupportedError(
            f"layers of type {found} are not supported", where=where, hint="save the model with dtype float32"
        )


def _printable(name: object) -> str:
    """A name with a question mark for each character that cannot be printed, of bounded length."""
    return "".join(char if char.isprintable() else "?" for char in str(name)[:100])
