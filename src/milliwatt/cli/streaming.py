# SPDX-License-Identifier: Apache-2.0
"""`--stream` and `--hop`, the options of several verbs."""

from __future__ import annotations

from typing import Annotated

import typer

from milliwatt.errors import UsageError
from milliwatt.stream import Streaming

StreamAxis = Annotated[
    int | None,
    typer.Option(
        "--stream",
        metavar="AXIS",
        help="Slide the window: AXIS of the input is time; each run takes only new columns.",
        show_default=False,
    ),
]
Hop = Annotated[
    int | None,
    typer.Option(
        "--hop", min=1, help="New columns per run, with --stream (1 by default).", show_default=False
    ),
]


def streaming(axis: int | None, hop: int | None) -> Streaming | None:
    """What the two options say together.

    Raises:
        UsageError: there is a hop without an axis.
    """
    if axis is None:
        if hop is not None:
            raise UsageError("--hop without --stream", hint="name the time axis: --stream 1")
        return None
    return Streaming(axis, 1 if hop is None else hop)
