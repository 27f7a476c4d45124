# SPDX-License-Identifier: Apache-2.0
"""Where results and errors are printed: results to standard output, all else to standard error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


def results() -> Console:
    """The console for what was asked for."""
    return Console(highlight=False, soft_wrap=True)


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
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as display:
        yield display
