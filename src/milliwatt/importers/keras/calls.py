# SPDX-License-Identifier: Apache-2.0
"""How the layers of a configuration are joined: which values each call of a layer takes, as Keras 2 and 3 write it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from milliwatt.errors import ModelError, UnsupportedError

Key = tuple[str, int, int]
"""Layer, number of its call, number of that call's output."""


@dataclass(frozen=True)
class LayerCall:
    """One call of a layer.

    Attributes:
        number: of the call, from 0.
        inputs: the values that it takes.
    """

    number: int
    inputs: tuple[Key, ...]


def calls_of(entry: Mapping[str, Any]) -> tuple[LayerCall, ...]:
    """The calls of a layer of a functional model.

    Raises:
        ModelError: they cannot be read.
        UnsupportedError: a call takes other arguments than values.
    """
    nodes = entry.get("inbound_nodes", [])
    if not isinstance(nodes, list):
        raise _damaged(entry)
    return tuple(LayerCall(number, tuple(_inputs(entry, node))) for number, node in enumerate(nodes))


def keys_of(places: Any) -> tuple[Key, ...]:
    """The values of a model's ``input_layers`` or ``output_layers``: one, or a list or mapping of them.

    Raises:
        ModelError: they cannot be read.
    """
    if isinstance(places, Mapping):
        places = list(places.values())
    if isinstance(places, list) and places and isinstance(places[0], str):
        places = [places]
    if not isinstance(places, list):
        raise ModelError("the list of inputs or outputs is damaged")
    return tuple(_key(place) for place in places)


def _inputs(entry: Mapping[str, Any], node: Any) -> Iterator[Key]:
    if isinstance(node, Mapping):
        if any(_tensors(value) for value in node.get("kwargs", {}).values()):
            raise UnsupportedError(
                "values passed by keyword (masks, states) are not supported", where=str(entry.get("name"))
            )
        yield from (_key(place) for place in _tensors(node.get("args", [])))
        return
    if not isinstance(node, list):
        raise _damaged(entry)
    places = [node] if node and isinstance(node[0], str) else node
    for place in places:
        if not isinstance(place, list):
            raise _damaged(entry)
        if len(place) > 3 and isinstance(place[3], Mapping) and any(_is_place(v) for v in place[3].values()):
            raise UnsupportedError(
                "values passed by keyword (masks, states) are not supported", where=str(entry.get("name"))
            )
        yield _key(place)


def _tensors(value: Any) -> list[Any]:
    """The histories of the Keras tensors inside some arguments, in order."""
    if isinstance(value, Mapping):
        if value.get("class_name") == "__keras_tensor__":
            config = value.get("config")
            return [config.get("keras_history")] if isinstance(config, Mapping) else [None]
        return [found for item in value.values() for found in _tensors(item)]
    if isinstance(value, list):
        return [found for item in value for found in _tensors(item)]
    return []


def _is_place(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 3 and isinstance(value[0], str)


def _key(place: Any) -> Key:
    if not isinstance(place, list) or len(place) < 3 or not isinstance(place[0], str):
        raise ModelError("a connection between layers is damaged")
    numbers = place[1:3]
    if not all(isinstance(number, int) and number >= 0 for number in numbers):
        raise ModelError("a connection between layers is damaged", where=place[0][:100])
    return place[0], numbers[0], numbers[1]


def _damaged(entry: Mapping[str, Any]) -> ModelError:
    return ModelError("the calls of a layer are damaged", where=str(entry.get("name"))[:100])
