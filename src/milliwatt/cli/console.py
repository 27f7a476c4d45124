# SPDX-License-Identifier: Apache-2.0
"""Where results and errors are printed: results to standard output, all else to standard error."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

_PIPED_WIDTH = 140


def results() -> Console:
    """The console for what was asked for; at least 140 columns where the output is not a terminal."""
    console = Console(highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = max(console.width, _PIPED_WIDTH)
    return console


def columns(*headings: str, right: tuple[str, ...] = ()) -> Table:
    """A table without lines whose columns keep their words whole, but for the last, which may wrap.

    Args:
        headings: the columns.
        right: headings of the columns of numbers.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        last = heading == headings[-1] and heading not in right
        table.add_column(
            heading,
            no_wrap=not last,
            overflow="fold" if last else "ellipsis",
            justify="right" if heading in right else "left",
        )
    return table


def errors() -> Console:
    """The console for errors and progress."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(content: Any) -> None:
    """One JSON document on standard output."""
    typer.echo(json.dumps(content, indent=2))


@contextmanager
def progress(*, quiet: bool) -> Iterator[Progress]:
    """A progress display on standard error; nothing when ``quiet`` or not on a terminal."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    console = errors()
    with Progress(
        *columns, console=console, transient=True, disable=quiet or not console.is_terminal
    ) as display:
        yield display


@contextmanager
def spinner(text: str, *, quiet: bool) -> Iterator[Callable[[str], None]]:
    """A sign of life on standard error while one long step runs; nothing when ``quiet`` or not on a terminal.

    What it gives changes the text.
    """
    console = errors()
    if quiet or not console.is_terminal:
        yield lambda _: None
        return
    with console.status(text) as status:
        yield status.update
