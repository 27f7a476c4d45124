# SPDX-License-Identifier: Apache-2.0
"""Errors that a user meets: what happened, where in their model or file, what to do next.

Every error is one sentence, an optional place and an optional hint, and each family has an exit
status of its own, so that a script can tell a damaged file from a budget that does not fit.
"""

from __future__ import annotations


class MilliwattError(Exception):
    """Base of every error that a user can meet.

    Args:
        message: one sentence on what is wrong.
        where: the place in the user's model or file, in their own names; empty when there is none.
        hint: what to do next; empty when nothing useful can be said.
    """

    exit_status = 1

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.message}"
        if self.where:
            text += f"\n  at: {self.where}"
        if self.hint:
            text += f"\n  hint: {self.hint}"
        return text


class UsageError(MilliwattError):
    """An argument is wrong: an unknown board, an input of the wrong shape, a missing file."""

    exit_status = 2


class ModelError(MilliwattError):
    """The model file is damaged, or breaks the rules of its own format."""

    exit_status = 3


class UnsupportedError(MilliwattError):
    """The model is valid, but uses something that milliwatt does not support."""

    exit_status = 4


class BudgetError(MilliwattError):
    """The model does not fit the RAM or flash that was asked for."""

    exit_status = 5


class ToolchainError(MilliwattError):
    """A compiler or emulator failed or is missing."""

    exit_status = 6


class VerificationError(MilliwattError):
    """Two implementations disagree on an output byte, or a plan breaks its own rules."""

    exit_status = 7


class InternalError(MilliwattError):
    """A bug of milliwatt itself: an invariant between two stages does not hold."""

    exit_status = 70

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(message, where=where, hint=hint or "this is a bug in milliwatt; please report it")
