# SPDX-License-Identifier: Apache-2.0
"""milliwatt: trained models to the smallest, fastest, proven C for microcontrollers.

>>> import milliwatt
>>> milliwatt.board("nucleo-l4r5zi").core.name
'cortex-m4'
"""

from milliwatt.errors import MilliwattError
from milliwatt.ir import Graph
from milliwatt.ops import Numerics, operators
from milliwatt.pipeline import Build, Options, compile_graph, load
from milliwatt.runners import runner_for
from milliwatt.targets import board, boards
from milliwatt.verification import verify

__all__ = [
    "Build",
    "Graph",
    "MilliwattError",
    "Numerics",
    "Options",
    "board",
    "boards",
    "compile_graph",
    "load",
    "operators",
    "runner_for",
    "verify",
]
