# SPDX-License-Identifier: Apache-2.0
"""LiteRT, the framework's own engine, as the oracle for imported models.

It runs in a process of its own, because LiteRT ends the process on some models: a crash is then an error
here that names the signal, and the next model gets a fresh process. ``reference=True`` picks the reference
kernels (op resolver BUILTIN_REF), which define the contract ``--numerics litert``; ``reference=False`` is
LiteRT's default on a PC, with XNNPACK.
"""

from __future__ import annotations

import itertools
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np
import numpy.typing as npt

from milliwatt.errors import ToolchainError, UsageError
from milliwatt.ir.naming import unique_names
from milliwatt.measure import litert_worker
from milliwatt.measure.litert_worker import Header

Array = npt.NDArray[Any]

_HINT = "pip install ai-edge-litert"


@dataclass(frozen=True)
class TensorDetail:
    """An input or output of a loaded model, as LiteRT sees it."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]


class LiteRTWorker:
    """A process that runs LiteRT for many models, one request at a time. It starts with the first request.

    Args:
        timeout: seconds that one request may take.
    """

    def __init__(self, *, timeout: float = 60.0) -> None:
        self.timeout = timeout
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None
        self._numbers = itertools.count()
        self.generation = 0
        """Counts the processes that have ended, and with them the models that were loaded."""

    @property
    def process_id(self) -> int | None:
        """The process that answers now; None before the first request and after the end."""
        return None if self._process is None else self._process.pid

    def new_number(self) -> int:
        """A number for a model that no other has."""
        return next(self._numbers)

    def request(self, header: Header, arrays: Sequence[Array] = ()) -> tuple[Header, list[Array]]:
        """Send one request and wait for its answer.

        Raises:
            ToolchainError: LiteRT refused the request, crashed or took longer than the timeout.
        """
        process = self._started()
        assert process.stdin is not None
        try:
            litert_worker.send(process.stdin.write, header, arrays)
            process.stdin.flush()
            answer, results = litert_worker.receive(self._reader(process))
        except (BrokenPipeError, EOFError) as error:
            raise self._crash(process, header["command"]) from error
        except TimeoutError as error:
            self.close()
            raise ToolchainError(
                f"LiteRT did not finish the command {header['command']} within {self.timeout:g} s"
            ) from error
        if "error" in answer:
            raise ToolchainError(
                f"LiteRT refused to {header['command']} the model: {answer['error'].strip()}"
            )
        return answer, results

    def close(self) -> None:
        """End the process. A later request starts another one."""
        process, self._process = self._process, None
        if process is not None:
            self.generation += 1
            process.kill()
            process.communicate()
        if self._log is not None:
            self._log.close()
            self._log = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
            # -P: the worker's folder must not shadow modules of the standard library.
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(Path(litert_worker.__file__))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
            )
        return self._process

    def _reader(self, process: subprocess.Popen[bytes]) -> Any:
        assert process.stdout is not None
        descriptor = process.stdout.fileno()
        deadline = time.monotonic() + self.timeout

        def read(count: int) -> bytes:
            parts = []
            while count:
                if not select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))[0]:
                    raise TimeoutError
                part = os.read(descriptor, min(count, 1 << 20))
                if not part:
                    raise EOFError
                parts.append(part)
                count -= len(part)
            return b"".join(parts)

        return read

    def _crash(self, process: subprocess.Popen[bytes], command: str) -> ToolchainError:
        status = process.wait()
        assert self._log is not None
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        self.close()
        cause = signal.Signals(-status).name if status < 0 else f"exit status {status}"
        last = f": {lines[-1]}" if lines else ""
        return ToolchainError(
            f"LiteRT crashed with {cause} at the command {command}{last}", hint=_HINT if status > 0 else ""
        )


class LiteRT:
    """One model in LiteRT, the oracle of TFLite models.

    Args:
        model: the bytes of a .tflite file.
        reference: the reference kernels, else LiteRT's default with XNNPACK.
        all_tensors: keep every intermediate tensor for `tensors`.
        worker: the process to run in; without one, the model gets its own and ends it in `close`.
        timeout: seconds that each call may take in a process of its own.

    Raises:
        ToolchainError: LiteRT refused the model or crashed; also from every other method.
    """

    name = "litert"
    exact = True

    def __init__(
        self,
        model: bytes,
        *,
        reference: bool = True,
        all_tensors: bool = False,
        worker: LiteRTWorker | None = None,
        timeout: float = 60.0,
    ) -> None:
        self._worker = worker or LiteRTWorker(timeout=timeout)
        self._owns_worker = worker is None
        self._all_tensors = all_tensors
        self._number = self._worker.new_number()
        header = {
            "command": "load",
            "model": self._number,
            "reference": reference,
            "all_tensors": all_tensors,
        }
        try:
            answer, _ = self._worker.request(header, [np.frombuffer(model, np.uint8)])
        except ToolchainError:
            self.close()
            raise
        self._generation = self._worker.generation
        self.inputs = tuple(_detail(item) for item in answer["inputs"])
        self.outputs = tuple(_detail(item) for item in answer["outputs"])

    def run(self, inputs: Sequence[Array]) -> list[Array]:
        """Run the model once; state is kept for the next run.

        Args:
            inputs: one array per graph input, of its element type and shape.

        Returns:
            One array per graph output.
        """
        return self._request("run", self._checked(inputs))[1]

    def tensors(self, inputs: Sequence[Array]) -> dict[str, Array]:
        """Run the model once and return every tensor by the value name that the importer gives it."""
        if not self._all_tensors:
            raise UsageError("load the model with all_tensors=True to see intermediate tensors")
        header, arrays = self._request("tensors", self._checked(inputs))
        listed: dict[int, str] = {index: name for index, name, _ in header["tensors"]}
        names = unique_names(listed.get(index, "") for index in range(max(listed) + 1))
        present = [names[index] for index, _, has_contents in header["tensors"] if has_contents]
        return dict(zip(present, arrays, strict=True))

    def reset(self) -> None:
        """Set all variables, resource variables too, back to what they hold before the first run."""
        self._request("reset", [])

    def close(self) -> None:
        """Forget the model."""
        if self._owns_worker:
            self._worker.close()
        elif getattr(self, "_generation", None) == self._worker.generation:
            self._worker.request({"command": "close", "model": self._number})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _checked(self, inputs: Sequence[Array]) -> list[Array]:
        expected = [(detail.dtype, detail.shape) for detail in self.inputs]
        found = [(array.dtype, array.shape) for array in inputs]
        if expected != found:
            raise UsageError(f"the model takes the inputs {expected}, not {found}")
        return list(inputs)

    def _request(self, command: str, arrays: list[Array]) -> tuple[Header, list[Array]]:
        if self._generation != self._worker.generation:
            raise ToolchainError("the LiteRT process of this model has ended; load the model again")
        return self._worker.request({"command": command, "model": self._number}, arrays)


def run_jobs(
    jobs: Iterable[tuple[bytes, Sequence[Array]]], *, reference: bool = True, timeout: float = 60.0
) -> Iterator[list[Array] | ToolchainError]:
    """The outputs of many (model, inputs) pairs, one worker for all; an error in place of those that fail."""
    with LiteRTWorker(timeout=timeout) as worker:
        for model, inputs in jobs:
            try:
                with LiteRT(model, reference=reference, worker=worker) as loaded:
                    result: list[Array] | ToolchainError = loaded.run(inputs)
            except ToolchainError as error:
                result = error
            yield result


def _detail(item: list[Any]) -> TensorDetail:
    name, dtype, shape = item
    return TensorDetail(name, np.dtype(dtype), tuple(shape))
