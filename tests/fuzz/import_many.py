# SPDX-License-Identifier: Apache-2.0
"""Child process of the import fuzzer: imports damaged files under a memory limit and reports what went wrong.

Usage: import_many.py FOLDER SUFFIX KIND FIRST_SEED COUNT. FOLDER holds the undamaged files; KIND is the module
beside this one that damages them. What is still a graph must also run on its NumPy meanings. Prints one JSON
object: how often each outcome came, the slowest import, and the failures.
"""

from __future__ import annotations

import collections
import importlib.util
import json
import resource
import signal
import sys
import time
import traceback
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from milliwatt.errors import ModelError, UnsupportedError
from milliwatt.importers import importers
from milliwatt.importers.request import Request
from milliwatt.ir import Graph
from milliwatt.ops import find, operators, signature
from milliwatt.ops.interpret import Interpreter

SECONDS = 5
"""Of processor time, so that other work on the computer does not count."""
MEMORY = 2**30
MAX_WORK = 10_000_000


class TooSlow(BaseException):
    """Raised by the alarm; no ``except Exception`` can swallow it."""


def main() -> None:
    folder, suffix, kind = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    first, count = int(sys.argv[4]), int(sys.argv[5])
    corpus = [path.read_bytes() for path in sorted(folder.iterdir())]
    mutations = _sibling(kind)
    load = importers()[suffix]
    operators()
    _limit_memory()
    signal.signal(signal.SIGPROF, _alarm)
    outcomes: collections.Counter[str] = collections.Counter()
    failures: list[str] = []
    slowest = 0.0
    for seed in range(first, first + count):
        label, data = mutations.mutated(corpus, seed)
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        start = time.perf_counter()
        try:
            graph = load(data, "fuzz", Request())
            outcomes["graph"] += 1
            slowest = max(slowest, time.perf_counter() - start)
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            _run(graph)
        except (ModelError, UnsupportedError) as error:
            outcomes[type(error).__name__] += 1
            slowest = max(slowest, time.perf_counter() - start)
        except (Exception, TooSlow):  # noqa: BLE001 - anything else is what the fuzzer looks for
            failures.append(f"{label}\n{traceback.format_exc(limit=-6)}")
        signal.setitimer(signal.ITIMER_PROF, 0)
    print(json.dumps({"outcomes": outcomes, "slowest": slowest, "failures": failures}))


def _run(graph: Graph) -> None:
    """Run a graph on zeros, if it is small enough for a fuzzer."""
    work = sum(kind.bytes for kind in graph.values.values())
    work += sum(find(node.op).macs(signature(graph, node)) for node in graph.nodes)
    if work > MAX_WORK:
        return
    types = [graph.values[name] for name in graph.inputs]
    with np.errstate(all="ignore"):
        Interpreter(graph).run([np.zeros(kind.shape, kind.dtype.numpy) for kind in types])


def _limit_memory() -> None:
    """One GiB on top of what the interpreter and its libraries have mapped."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _alarm(_number: int, _frame: FrameType | None) -> None:
    raise TooSlow(f"took longer than {SECONDS} s")


def _sibling(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
