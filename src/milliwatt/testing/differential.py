# SPDX-License-Identifier: Apache-2.0
"""The differential test of one graph: LiteRT, meaning, passes, host C and emulated C must agree."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from milliwatt.errors import VerificationError
from milliwatt.ir import Graph
from milliwatt.measure.litert import LiteRT, LiteRTWorker
from milliwatt.ops import Numerics, find
from milliwatt.pipeline import Options, compile_graph
from milliwatt.runners import runners_for, values_by_step
from milliwatt.targets import board
from milliwatt.testing.tflite_writer import write
from milliwatt.verification import verify

# The portable kernels and those of a core with DSP instructions are both tried.
BOARDS = ("host", "nucleo-l4r5zi")

# What LiteRT's reference resolver does not register: graphs with one of these are compared without LiteRT.
NOT_IN_REFERENCE = frozenset({"CEIL", "ELU", "ROUND"})


@functools.cache
def _worker() -> LiteRTWorker:
    return LiteRTWorker()


def compare(
    graph: Graph,
    *,
    samples: int = 5,
    seed: int = 0,
    numerics: Numerics = Numerics.LITERT,
    boards: Sequence[str] = BOARDS,
    implementations: Sequence[str] = ("litert", "host"),
    optimize: str = "balanced",
    weights: str = "flash",
) -> None:
    """Check that all implementations of a graph agree.

    Args:
        graph: what to check; with "litert" it is written as a TFLite file first.
        samples, seed: the inputs; see `milliwatt.samples`.
        numerics: the contract; other than LITERT leaves LiteRT out.
        boards: the boards that it is lowered for.
        implementations: what runs besides the meaning: "litert", "host" (the board's kernels compiled for this
            computer) and "emulator" (the board itself).
        optimize: speed, balanced, ram or flash.
        weights: where tables lie: flash or ram.

    Raises:
        VerificationError: the first difference.
    """
    for name in boards:
        target = board(name)
        options = Options(board=target, numerics=numerics, optimize=optimize, weights=weights, name="random")
        build = compile_graph(graph, options)
        wanted = [
            word
            for word in implementations
            if word != "litert" and not (word == "emulator" and name == "host")
        ]
        litert = None
        known = all(find(node.op).tflite and node.op not in NOT_IN_REFERENCE for node in graph.nodes)
        if known and "litert" in implementations and numerics is Numerics.LITERT:
            litert = LiteRT(write(graph), all_tensors=True, worker=_worker())
        try:
            result = verify(
                build,
                oracle=litert,
                runners=runners_for(build, wanted),
                samples=samples,
                seed=seed,
                locate=values_by_step,
            )
        finally:
            if litert is not None:
                litert.close()
        if result.first_difference is not None:
            found = result.first_difference
            raise VerificationError(
                f"{found.implementation} gives {found.got} instead of {found.expected} at element {found.element}",
                where=f"{found.layer} (lowered for {name}, sample {found.sample})",
            )
