# SPDX-License-Identifier: Apache-2.0
"""What candidates cost on a board: each is compiled and run alone on the emulator, once, and remembered on disk.

A run whose data accesses are not watched takes a tenth of the time, and cannot cost more than a watched one:
it leaves out what unaligned accesses and the flash add. So it serves as a lower bound, and only candidates
that this bound does not rule out are watched.
"""

from __future__ import annotations

import functools
import hashlib
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from milliwatt.emit.emission import emit
from milliwatt.errors import BudgetError
from milliwatt.fit.one_node import one_node
from milliwatt.lower.alternatives import Calls
from milliwatt.lower.fingerprint import fingerprint
from milliwatt.lower.program import Program
from milliwatt.measure.emulator import EmulatorRunner, emulator_version
from milliwatt.measure.timing import Pricer, StepCost
from milliwatt.measure.toolchain import Level, cached, compiler_for, content_key
from milliwatt.plan import plan
from milliwatt.samples import sample_inputs
from milliwatt.targets import Board

_DECIDING = ("emit", "runtime", "measure", "targets/cores", "targets/timing.py", "targets/memory_model.py")
"""Sources of this package on which a measured cost depends, besides the candidate and the board."""

_RANDOM_SAMPLE = 3
"""The first set of inputs that is random; a layer's cost hardly depends on its data."""


@dataclass(frozen=True)
class Cost:
    """What a candidate costs alone.

    Attributes:
        time: cycles on the board, of the core where no model of the board is validated, instructions where
            none of the core is; infinite when the candidate does not fit the board.
        code_bytes: instructions and literals, with the function that calls the candidate.
        constant_bytes: its tables.
    """

    time: float
    code_bytes: int
    constant_bytes: int


@dataclass(frozen=True)
class MeasuredCost:
    """Measures candidates on one board.

    Attributes:
        board: a device board.
        level: the optimisation level of the compiler.
        progress: is told how many candidates were measured, whenever that is one more.
    """

    board: Board
    level: Level = "O2"
    progress: Callable[[str], None] = field(default=lambda _: None, repr=False)
    _by_content: dict[str, Cost] = field(default_factory=dict, init=False, repr=False)
    _known: dict[tuple[int, bool], tuple[Calls, Cost]] = field(default_factory=dict, init=False, repr=False)
    """Costs by the identity of the calls, which are kept alive here: a search asks for each many times."""

    def bound(self, program: Program, calls: Calls) -> Cost:
        """A cost whose time is not above the exact one, from a quick run."""
        return self._remembered(program, calls, watched=False)

    def exact(self, program: Program, calls: Calls) -> Cost:
        """The cost of a node's calls, alone and from cold caches.

        Args:
            program: whose values the calls name.
            calls: the calls of one node.

        Raises:
            ToolchainError: the code does not compile, or faults.
        """
        core = self.board.core
        return self._remembered(program, calls, watched=core.timing is not None or not core.unaligned)

    def _remembered(self, program: Program, calls: Calls, *, watched: bool) -> Cost:
        identity = (id(calls), watched)
        if identity not in self._known:
            self._known[identity] = calls, self._from_disk(program, calls, watched=watched)
        return self._known[identity][1]

    def _from_disk(self, program: Program, calls: Calls, *, watched: bool) -> Cost:
        board = self.board
        key = content_key(
            "cost",
            [compiler_for(board.core, "clang").title, self.level, emulator_version(), _sources()],
            [board.core.name, repr(board.memory), repr(board.flash), repr(board.ram)],
            ["watched" if watched else "quick", str(program.specialise), str(program.tables_in_ram)],
            [fingerprint(calls), *(str(program.type_of(value)) for call in calls for value in call.writes)],
        )

        if key in self._by_content:
            return self._by_content[key]
        self.progress(f"measuring kernels: {len(self._by_content) + 1}")

        def make(directory: Path) -> None:
            cost = self._measured(one_node(program, calls), watched=watched)
            (directory / "cost.json").write_text(json.dumps(asdict(cost)), "utf-8")

        cost = Cost(**json.loads((cached(key, make) / "cost.json").read_text("utf-8")))
        self._by_content[key] = cost
        return cost

    def _measured(self, program: Program, *, watched: bool) -> Cost:
        emitted = emit(plan(program), name="layer")
        try:
            runner = EmulatorRunner(emitted, self.board, level=self.level)
        except BudgetError:
            # A layer that alone is too large for the board: no candidate to choose where there is another.
            return Cost(math.inf, 0, sum(table.bytes for call in program.calls for table in call.tables))
        *_, inputs = sample_inputs(program.graph, samples=_RANDOM_SAMPLE + 1, seed=0)
        steps = Pricer(runner.image, self.board).price(runner.trace(inputs, memory=watched))
        time = sum(_time(step) for step in steps)
        image = runner.image
        return Cost(time, image.code_bytes, image.constant_bytes + image.initialised_bytes)


def _time(step: StepCost) -> float:
    """Cycles of the board, else of the core, else instructions."""
    if step.board_cycles is not None:
        return step.board_cycles
    return float(step.instructions) if step.core_cycles is None else step.core_cycles


@functools.cache
def _sources() -> str:
    """A hash of all sources on which costs depend."""
    package = resources.files("milliwatt")
    texts = [text for name in _DECIDING for text in _texts(package.joinpath(name))]
    return hashlib.sha256("".join(texts).encode()).hexdigest()


def _texts(item: Traversable) -> Iterator[str]:
    """Names and contents of all sources below a folder, in a fixed order."""
    if item.is_dir():
        for inner in sorted(item.iterdir(), key=lambda one: one.name):
            yield from _texts(inner)
    elif item.name.endswith((".py", ".h", ".c")):
        yield f"{item.name}\n{item.read_text('utf-8')}\n"
