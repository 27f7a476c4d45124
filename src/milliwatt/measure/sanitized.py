# SPDX-License-Identifier: Apache-2.0
"""Runs an emitted model on this computer in a process of its own, under sanitizers.

With a system compiler (cc) that has them: AddressSanitizer, the arena being a block of exactly its size,
and UndefinedBehaviorSanitizer. Else with the clang of ziglang: undefined behaviour traps, and addresses
are not watched.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.emit.emitted import Emitted
from milliwatt.errors import ToolchainError, VerificationError
from milliwatt.measure.arena import Arena, Bytes
from milliwatt.measure.toolchain import cached, compiler_for, content_key, run_tool
from milliwatt.targets import board

Array = npt.NDArray[Any]

_FLAGS = ("-std=c99", "-O1", "-g", "-ffp-contract=off", "-fno-sanitize-recover=all")
_NO_INPUT = b"\0"  # asks a model without inputs for one run
_MAIN = """/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the inputs of run after run from the standard input, writes the outputs to the standard output. */
#define _POSIX_C_SOURCE 200112L
#include <stdio.h>
#include <stdlib.h>
#include "{name}.h"

int main(void)
{{
    void *block = NULL;
    if (posix_memalign(&block, {alignment}, {bytes}) != 0) {{
        return 3;
    }}
    unsigned char *const arena = block;
    {init}
    for (;;) {{
        {read}
        if ({name}_run(arena) != 0) {{
            return 5;
        }}
        {write}
        (void)fflush(stdout);
    }}
}}
"""


@dataclass(frozen=True)
class Sanitizers:
    """A compiler command with its sanitizers, and their names."""

    command: tuple[str, ...]
    names: tuple[str, ...]


@cache
def sanitizers() -> Sanitizers:
    """The best sanitizers of this computer."""
    flags = ("-fsanitize=address,undefined", *_FLAGS)
    program = shutil.which("cc")
    if program is not None and _works((program, *flags)):
        return Sanitizers((program, *flags), ("address", "undefined"))
    tool = compiler_for(board("host").core, "clang")
    trap = ("-fsanitize=undefined", "-fsanitize-trap=undefined", *_FLAGS)
    return Sanitizers((*tool.command, *trap), ("undefined",))


def _works(command: tuple[str, ...]) -> bool:
    """Whether a compiler can link and run a program with these flags."""

    def make(directory: Path) -> None:
        (directory / "probe.c").write_text("int main(void) { return 0; }\n", "utf-8")
        run_tool([*command, "probe.c", "-o", "probe"], directory=directory, what="probe.c")
        run_tool([str(directory / "probe")], directory=directory, what="probe")

    try:
        cached(content_key("sanitizer probe", command), make)
    except ToolchainError:
        return False
    return True


class SanitizedRunner:
    """An emitted model in a process of its own that stops at the first undefined behaviour.

    State is kept from run to run until `reset`, by running all inputs since then again.

    Args:
        emitted: the model.

    Raises:
        ToolchainError: it does not compile.
    """

    def __init__(self, emitted: Emitted) -> None:
        self.emitted = emitted
        self._tools = sanitizers()
        self._program = _build(emitted, self._tools)
        self._history: list[Sequence[Array]] = []

    @property
    def sanitizers(self) -> tuple[str, ...]:
        """What is watched: "undefined", and "address" where the computer has a compiler for it."""
        return self._tools.names

    def run(self, inputs: Sequence[Array]) -> list[Array]:
        """The outputs for one sample."""
        if not self.emitted.stateful:
            return self.run_all([inputs])[0]
        self._history.append(tuple(array.copy() for array in inputs))
        return self.run_all(self._history)[-1]

    def reset(self) -> None:
        """Set the state variables to their initial values."""
        self._history.clear()

    def run_all(self, samples: Sequence[Sequence[Array]]) -> list[list[Array]]:
        """The outputs for several samples in one process, from the initial state, which is kept from run to run.

        Raises:
            UsageError: an input has the wrong type or shape.
            VerificationError: a sanitizer stopped the model, or it returned an error.
        """
        graph = self.emitted.plan.program.graph
        memory = np.zeros(self.emitted.plan.arena_bytes, np.uint8)
        arena = Arena(self.emitted, memory)
        stream = b""
        for inputs in samples:
            arena.write_inputs(inputs)
            stream += b"".join(arena.value(name).tobytes() for name in graph.inputs) or _NO_INPUT
        answer = subprocess.run([str(self._program)], input=stream, capture_output=True, check=False)
        if answer.returncode != 0:
            raise VerificationError(
                f"the model was stopped by a sanitizer ({', '.join(self.sanitizers)}): {_reason(answer)}",
                where=self.emitted.run_function,
            )
        return self._outputs(np.frombuffer(answer.stdout, np.uint8), len(samples))

    def _outputs(self, stream: Bytes, count: int) -> list[list[Array]]:
        graph = self.emitted.plan.program.graph
        kinds = [graph.values[name] for name in graph.outputs]
        per_run = sum(kind.bytes for kind in kinds)
        if stream.size != per_run * count:
            raise VerificationError("the model ended early", where=self.emitted.run_function)
        results = []
        position = 0
        for _ in range(count):
            outputs = []
            for kind in kinds:
                raw = stream[position : position + kind.bytes].copy()
                outputs.append(raw.view(kind.dtype.numpy).reshape(kind.shape))
                position += kind.bytes
            results.append(outputs)
        return results


def _reason(answer: subprocess.CompletedProcess[bytes]) -> str:
    lines = answer.stderr.decode("utf-8", "replace").splitlines()
    telling = [line for line in lines if "runtime error" in line or "ERROR: AddressSanitizer" in line]
    if telling:
        return telling[0]
    if answer.returncode < 0:
        return f"signal {-answer.returncode}"
    return "\n".join(lines[:5]) or f"exit status {answer.returncode}"


def _build(emitted: Emitted, tools: Sanitizers) -> Path:
    plan, graph = emitted.plan, emitted.plan.program.graph
    places = {
        name: (plan.offset_of(name), graph.values[name].bytes) for name in (*graph.inputs, *graph.outputs)
    }
    read = "\n        ".join(
        f"if (fread(arena + {places[name][0]}, 1, {places[name][1]}, stdin) != {places[name][1]}) {{ return 0; }}"
        for name in graph.inputs
    )
    write = "\n        ".join(
        f"(void)fwrite(arena + {places[name][0]}, 1, {places[name][1]}, stdout);" for name in graph.outputs
    )
    init = f"if ({emitted.init_function}(arena) != 0) {{ return 4; }}" if emitted.stateful else ""
    main = _MAIN.format(
        name=emitted.name,
        alignment=max(plan.alignment, 16),
        bytes=max(plan.arena_bytes, 1),
        init=init,
        read=read or "if (getchar() == EOF) { return 0; }",
        write=write,
    )

    def make(directory: Path) -> None:
        for name, text in ((f"{emitted.name}.h", emitted.header), (f"{emitted.name}.c", emitted.source)):
            (directory / name).write_text(text, "utf-8", newline="\n")
        (directory / "main.c").write_text(main, "utf-8", newline="\n")
        command = [*tools.command, f"{emitted.name}.c", "main.c", "-o", "model"]
        run_tool(command, directory=directory, what=f"{emitted.name}.c with sanitizers")

    key = content_key("sanitized", tools.command, main, emitted.name, emitted.header, emitted.source)
    return cached(key, make) / "model"
