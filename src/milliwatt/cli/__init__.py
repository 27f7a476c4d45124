# SPDX-License-Identifier: Apache-2.0
"""The command line: one file per verb; each parses, calls one function and prints."""

from milliwatt.cli.app import main

__all__ = ["main"]
