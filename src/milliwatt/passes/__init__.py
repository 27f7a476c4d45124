# SPDX-License-Identifier: Apache-2.0
"""Graph -> graph. Every module with a module-level ``PASS`` is a pass; `optimise` runs them in order."""

from milliwatt.passes.run import optimise, passes

__all__ = ["optimise", "passes"]
