# SPDX-License-Identifier: Apache-2.0
"""The JSON documents of a .pt2 archive, checked before PyTorch reads them.

What PyTorch would look up, call or evaluate has to be on a list here: names of operators, symbolic extents,
structures of inputs and outputs. Guards, which are Python text, are taken out.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from milliwatt.errors import ModelError, UnsupportedError

MAX_NODES = 10_000
MAX_ELEMENTS = 1 << 26
"""Of one tensor; more than any microcontroller holds."""

_OPERATOR = re.compile(r"torch\.ops\.(?:aten|prims|quantized_decomposed)\.[a-zA-Z_]\w*(?:\.\w+)?")
_SCALAR = re.compile(
    r"_operator\.(?:getitem|add|sub|mul|neg|floordiv|truediv|mod|eq|ne|lt|le|gt|ge|and_|or_)"
    r"|torch\.sym_(?:float|int|max|min|not|sum)"
)
_EXPRESSION = re.compile(
    r"(?:Symbol\('[a-z]+\d+'(?:, [a-z]+=(?:True|False))*\)"
    r"|\b(?:Integer|Add|Mul|Max|Min|Mod|PythonMod|FloorDiv|CeilDiv)\("
    r"|\b[su]\d+\b|\b\d{1,9}\b|\*(?!\*)|[-+(), ])*"
)
_FILE = re.compile(r"(?:weight|tensor)_\d+")
_STRUCTURES = (None, "builtins.tuple", "builtins.list", "builtins.dict", "collections.OrderedDict")
_REFUSED_KEYS = {
    "as_graph": "control flow",
    "as_graphs": "control flow",
    "as_custom_obj": "objects of PyTorch's own classes",
    "as_opaque": "objects of other classes",
    "as_operator": "operators as arguments",
}
_KEPT_METADATA = ("stack_trace", "nn_module_stack")


def parsed(content: bytes, *, where: str) -> Any:
    """A JSON document.

    Raises:
        ModelError: it is none.
    """
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"the archive is damaged: {error}", where=where) from error


def checked_program(content: bytes) -> bytes:
    """The program, without what it does not need to run, when all that PyTorch would look up is known.

    Raises:
        ModelError: the document is damaged.
        UnsupportedError: it holds something that is refused.
    """
    document = parsed(content, where="program")
    nodes = 0
    for part in _objects(document):
        _refuse_keys(part)
        if "target" in part and "inputs" in part:
            nodes += 1
            _check_target(part["target"])
            _reduce_metadata(part)
        if "expr_str" in part:
            _check_expression(part["expr_str"])
        for name in ("in_spec", "out_spec"):
            if name in part:
                _check_structure(part[name])
        if "sizes" in part:
            _elements(part, where="program")
        if part.get("treespec_namedtuple_fields"):
            raise UnsupportedError("inputs or outputs are named tuples", hint="use plain tuples")
    if nodes > MAX_NODES:
        raise UnsupportedError(f"the program has {nodes:,} operators; at most {MAX_NODES:,} are read")
    if isinstance(document, dict) and "guards_code" in document:
        document["guards_code"] = []
    return json.dumps(document).encode()


def checked_payload(content: bytes, *, where: str) -> tuple[bytes, Mapping[str, Any]]:
    """The list of stored tensors, as it stood and read, when all are raw bytes.

    Raises:
        ModelError: the document is damaged.
        UnsupportedError: a tensor is a pickle, or too large.
    """
    document = parsed(content, where=where)
    entries = document.get("config") if isinstance(document, dict) else None
    if not isinstance(entries, dict):
        raise ModelError("the list of tensors is damaged", where=where)
    for name, entry in entries.items():
        if not isinstance(entry, dict) or not isinstance(entry.get("tensor_meta"), dict):
            raise ModelError(f"the tensor {name[:80]} is damaged, or no tensor", where=where)
        if entry.get("use_pickle"):
            raise UnsupportedError(
                f"the tensor {name[:80]} is stored as a pickle, which runs code when it is read", where=where
            )
        if not isinstance(entry.get("path_name"), str) or not _FILE.fullmatch(entry["path_name"]):
            raise UnsupportedError(f"{name[:80]} is no plain tensor", where=where)
        _elements(entry["tensor_meta"], where=where)
    return content, entries


def payload_files(entries: Mapping[str, Any]) -> Iterator[str]:
    """The names of the files that hold the tensors."""
    return iter(dict.fromkeys(str(entry["path_name"]) for entry in entries.values()))


def _objects(document: Any) -> Iterator[dict[str, Any]]:
    """Every JSON object, outer ones first."""
    waiting = [document]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield part
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)


def _refuse_keys(part: Mapping[str, Any]) -> None:
    for key, what in _REFUSED_KEYS.items():
        if key in part:
            raise UnsupportedError(f"the program uses {what}")


def _check_target(target: Any) -> None:
    if not isinstance(target, str):
        raise ModelError("an operator of the program has no name")
    if not _OPERATOR.fullmatch(target) and not _SCALAR.fullmatch(target):
        raise UnsupportedError(
            f"the operator {target[:100]!r} is not one of PyTorch's ATen library",
            hint="write the model with PyTorch's own operators",
        )


def _check_expression(text: Any) -> None:
    if not isinstance(text, str) or len(text) > 1000 or not _EXPRESSION.fullmatch(text):
        raise UnsupportedError(
            f"the extent {str(text)[:100]!r} is not understood",
            hint="export the model with a fixed input shape",
        )


def _check_structure(text: Any) -> None:
    """Refuse structures of inputs and outputs other than tuples, lists and dictionaries."""
    if text is None or text == "":
        return
    if not isinstance(text, str):
        raise ModelError("the structure of inputs and outputs is damaged")
    for part in _objects(parsed(text.encode(), where="structure of inputs and outputs")):
        if "type" in part and part["type"] not in _STRUCTURES:
            raise UnsupportedError(
                f"inputs or outputs are of the class {str(part['type'])[:100]}", hint="use plain tuples"
            )


def _reduce_metadata(node: dict[str, Any]) -> None:
    """Keep of a node's metadata only where it comes from."""
    metadata = node.get("metadata")
    if isinstance(metadata, dict):
        node["metadata"] = {name: metadata[name] for name in _KEPT_METADATA if name in metadata}


def _elements(meta: Mapping[str, Any], *, where: str) -> None:
    sizes = meta.get("sizes")
    if not isinstance(sizes, list):
        raise ModelError("a tensor has no shape", where=where)
    known = [size["as_int"] for size in sizes if isinstance(size, dict) and "as_int" in size]
    if any(type(size) is not int or size < 0 for size in known):
        raise ModelError("a tensor has an impossible shape", where=where)
    if math.prod(known) > MAX_ELEMENTS:
        raise UnsupportedError(f"a tensor has more than {MAX_ELEMENTS:,} elements", where=where)
