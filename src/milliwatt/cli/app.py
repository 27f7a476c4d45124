# SPDX-License-Identifier: Apache-2.0
"""Assembles the verbs and turns errors into exit statuses."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from importlib.metadata import version

import typer

from milliwatt.cli.console import errors
from milliwatt.cli.verbs import verbs
from milliwatt.errors import InternalError, MilliwattError, UsageError

_INTERRUPTED = 130


def application() -> typer.Typer:
    """The Typer application with every verb."""
    app = typer.Typer(
        name="milliwatt",
        help="Turns trained models into the smallest, fastest, proven C for microcontrollers.",
        no_args_is_help=True,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for name, module in verbs().items():
        app.command(name=name, epilog=module.EXAMPLE)(module.verb)

    @app.callback(invoke_without_command=True)
    def root(
        show_version: bool = typer.Option(False, "--version", help="Print the version and exit."),
    ) -> None:
        if show_version:
            typer.echo(f"milliwatt {version('milliwatt')}")
            raise typer.Exit

    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; exits with 0, or with the status of the error's family."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    try:
        status = application()(args=arguments, standalone_mode=False)
    except MilliwattError as error:
        sys.exit(_report(error, arguments))
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(_interrupted())
    except typer.Exit as finished:
        sys.exit(finished.exit_code)
    except typer.TyperException as error:
        _misuse(error)
        sys.exit(UsageError.exit_status)
    except BrokenPipeError:
        # The reader of our output (head, less) has gone: nothing is left to say.
        sys.stderr.close()
        sys.exit(0)
    except RecursionError as error:
        sys.exit(_report(InternalError(f"nesting too deep: {error}"), arguments))
    sys.exit(status if isinstance(status, int) else 0)


def _misuse(error: typer.TyperException) -> None:
    """A wrong flag or argument, as Typer words it."""
    show = getattr(error, "show", None)
    if show is not None:
        show()
    else:
        errors().print(f"[bold red]error:[/] {_plain(str(error))}")


def _interrupted() -> int:
    errors().print("interrupted; files are written whole or not at all, so nothing is left half done")
    return _INTERRUPTED


def _report(error: MilliwattError, arguments: Sequence[str]) -> int:
    console = errors()
    console.print(f"[bold red]error:[/] {_plain(error.message)}")
    if error.where:
        console.print(f"  [bold]at:[/] {_plain(error.where)}")
    if error.hint:
        console.print(f"  [bold green]hint:[/] {_plain(error.hint)}")
    if "--json" in arguments:
        kind = type(error).__name__
        content = {"kind": kind, "message": error.message, "where": error.where, "hint": error.hint}
        typer.echo(json.dumps({"error": content}, indent=2))
    return error.exit_status


def _plain(text: str) -> str:
    """Text with the marks of Rich's markup escaped and control characters made visible."""
    visible = "".join(char if char.isprintable() or char == "\n" else "?" for char in text)
    return visible.replace("[", r"\[")
