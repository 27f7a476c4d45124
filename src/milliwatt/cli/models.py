# SPDX-License-Identifier: Apache-2.0
"""The model that a command is about: how it is named on the command line, and how it is read."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from milliwatt.cli.console import errors
from milliwatt.importers import ImportNotice, at, graph_name
from milliwatt.importers.factory import Made, call, split
from milliwatt.importers.request import Request, parse_shapes
from milliwatt.ir import Graph
from milliwatt.oracles import of_file, of_object
from milliwatt.pipeline import load
from milliwatt.verification import Oracle

Model = Annotated[
    Path,
    typer.Argument(
        help="The model's file (.tflite, .onnx, .pt2, .keras, .h5, .skops), or FILE.py:FUNCTION for a function "
        "that makes it.",
        show_default=False,
    ),
]
InputShapes = Annotated[
    list[str] | None,
    typer.Option(
        "--input-shape",
        metavar="[NAME=]SHAPE",
        help="A shape that the model leaves open, as 1x3x32x32; NAME= where there are several inputs.",
        show_default=False,
    ),
]
Trust = Annotated[
    bool,
    typer.Option("--trust", help="Unpickle the file, which runs whatever code its author put there."),
]


@dataclass(frozen=True)
class ReadModel:
    """A model that has been read.

    Attributes:
        label: how the user named it, without folders.
        path: the file that it comes from.
        stem: what the prefix of C names is made from: the file's stem, or the function's name.
        graph: the imported graph.
        digest: SHA-256 of the file.
        flags: the arguments that it was read with, as they are typed, each with a blank in front.
        made: the live object, where a function made it.
    """

    label: str
    path: Path
    stem: str
    graph: Graph
    digest: str
    flags: str = ""
    made: Made | None = None

    def oracle(self) -> Oracle:
        """The engine of the model's framework.

        Raises:
            ToolchainError: it is not installed, or refuses the model.
        """
        if self.made is None:
            return of_file(self.path, self.graph)
        return of_object(self.made.model, self.made.example, self.graph)


def read_model(model: Path, *, input_shapes: list[str] | None = None, trust: bool = False) -> ReadModel:
    """Read the model that the arguments name; what its importer wants to be known is printed.

    Raises:
        MilliwattError: as `milliwatt.load`.
    """
    place = split(str(model))
    shapes = parse_shapes(input_shapes or [])
    made = None
    with warnings.catch_warnings(record=True) as notices:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", ImportNotice)
        if place is None:
            path, stem = model, model.stem
            graph = load(model, input_shapes=shapes, trust=trust)
        else:
            path, stem = place
            made = call(path, stem, Request(shapes, trust=trust))
            with at(str(model)):
                graph = load(made.model, made.example, name=graph_name(stem), trust=trust)
    for notice in notices:
        errors().print(f"note: {notice.message}", markup=False)
    flags = "".join(f" --input-shape {shape}" for shape in input_shapes or []) + " --trust" * trust
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return ReadModel(model.name, path, stem, graph, digest, flags, made)
