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
from milliwatt.importers import ImportNotice
from milliwatt.importers.factory import split
from milliwatt.importers.request import parse_shapes
from milliwatt.ir import Graph
from milliwatt.pipeline import load

Model = Annotated[
    Path,
    typer.Argument(
        help="The model's file, or FILE.py:FUNCTION for a function that makes it.", show_default=False
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
    """

    label: str
    path: Path
    stem: str
    graph: Graph
    digest: str
    flags: str = ""


def read_model(model: Path, *, input_shapes: list[str] | None = None, trust: bool = False) -> ReadModel:
    """Read the model that the arguments name; what its importer wants to be known is printed.

    Raises:
        MilliwattError: as `milliwatt.load`.
    """
    place = split(str(model))
    path, stem = (model, model.stem) if place is None else place
    with warnings.catch_warnings(record=True) as notices:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", ImportNotice)
        graph = load(str(model), input_shapes=parse_shapes(input_shapes or []), trust=trust)
    for notice in notices:
        errors().print(f"note: {notice.message}", markup=False)
    flags = "".join(f" --input-shape {shape}" for shape in input_shapes or []) + " --trust" * trust
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return ReadModel(model.name, path, stem, graph, digest, flags)
