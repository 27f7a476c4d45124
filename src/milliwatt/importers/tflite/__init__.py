# SPDX-License-Identifier: Apache-2.0
"""TensorFlow Lite models: the bytes of a .tflite file -> a graph that verifies.

The importer is generic: it knows no operator by name but the few that carry state, and reads what the
operators declare (see `options`). Steps: `reader` (bytes -> records, the only code that touches the
flatbuffer), `build` (records -> graph) with `tensors`, `values`, `options`, `states` and `refusals`.

Import is total. Whatever the bytes, the result is a verified graph with every node supported, or
ModelError (the file is damaged) or UnsupportedError (it is sound, but not for us), within seconds and
bounded memory.
"""

from __future__ import annotations

from milliwatt.importers.request import Request
from milliwatt.importers.tflite.build import build
from milliwatt.importers.tflite.reader import read
from milliwatt.ir import Graph

SUFFIXES = (".tflite", ".lite")


def load(data: bytes, name: str, request: Request) -> Graph:
    """The graph of a TFLite model.

    Args:
        data: the content of the file.
        name: the graph's name.
        request: what the user says beside the model; a .tflite leaves nothing to choose.

    Raises:
        UsageError: the user gave shapes.
        ModelError: the bytes are damaged or no TFLite model.
        UnsupportedError: the model uses something that milliwatt does not support.
    """
    request.refuse_shapes(".tflite")
    return build(read(data), name)
