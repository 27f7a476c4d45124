# SPDX-License-Identifier: Apache-2.0
"""ONNX models: the bytes of an .onnx file -> a graph that verifies.

Steps: `reader` (bytes -> records, the only code that touches the protobuf), `inline` (the file's own functions),
`build` (records -> float graph; one handler per operator in `operators`, constants folded by `evaluate`), then
`milliwatt.importers.quantised` (QUANTIZE and DEQUANTIZE around float operators -> integer operators).

Import is total. Whatever the bytes, the result is a verified graph with every node supported, or ModelError (the
file is damaged) or UnsupportedError (it is sound, but not for us), within seconds and bounded memory.
"""

from __future__ import annotations

from milliwatt.importers.onnx.build import build
from milliwatt.importers.onnx.reader import read
from milliwatt.importers.quantised import to_integers
from milliwatt.importers.request import Request
from milliwatt.ir import Graph

SUFFIXES = (".onnx",)


def load(data: bytes, name: str, request: Request) -> Graph:
    """The graph of an ONNX model.

    Args:
        data: the content of the file.
        name: the graph's name.
        request: shapes of inputs that the file leaves open.

    Raises:
        ModelError: the bytes are damaged or no ONNX model.
        UnsupportedError: the model uses something that milliwatt does not support.
        UsageError: a shape that the user gave does not fit the model.
        ToolchainError: the package onnx is missing.
    """
    return to_integers(build(read(data), name, request))
