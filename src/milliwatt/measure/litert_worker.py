# SPDX-License-Identifier: Apache-2.0
"""The child process that runs LiteRT, and the frames that it talks in.

A frame is a 4-byte little-endian length, a JSON header of that length, and behind it the raw bytes of the
arrays that the header lists under "arrays" as [dtype, shape]. Requests come on standard input, one answer
each goes to standard output. Run as a script the file needs only NumPy and ``ai_edge_litert``, so that a
worker starts in a fraction of a second; the parent imports `send` and `receive` from here.
"""

from __future__ import annotations

import json
import math
import os
import struct
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Header = dict[str, Any]


def send(write: Callable[[bytes], object], header: Header, arrays: Sequence[Array] = ()) -> None:
    """Write one frame."""
    described = {**header, "arrays": [[array.dtype.str, list(array.shape)] for array in arrays]}
    text = json.dumps(described).encode()
    write(struct.pack("<I", len(text)) + text + b"".join(array.tobytes() for array in arrays))


def receive(read: Callable[[int], bytes]) -> tuple[Header, list[Array]]:
    """Read one frame; ``read(n)`` returns exactly n bytes or raises EOFError."""
    header: Header = json.loads(read(struct.unpack("<I", read(4))[0]))
    arrays = []
    for code, shape in header["arrays"]:
        dtype = np.dtype(code)
        arrays.append(np.frombuffer(read(dtype.itemsize * math.prod(shape)), dtype).reshape(shape))
    return header, arrays


class _Server:
    """The interpreters that are loaded, by the number that the parent gave them."""

    def __init__(self) -> None:
        self._interpreters: dict[int, Any] = {}
        self._sources: dict[int, tuple[Header, bytes]] = {}

    def handle(self, header: Header, arrays: list[Array]) -> tuple[Header, list[Array]]:
        number = header["model"]
        if header["command"] == "load":
            self._sources[number] = header, arrays[0].tobytes()
            return self._load(number), []
        if header["command"] == "reset":
            # LiteRT's own reset leaves resource variables as they are, so start afresh.
            return self._load(number), []
        if header["command"] == "close":
            del self._interpreters[number], self._sources[number]
            return {}, []
        return self._run(self._interpreters[number], arrays, all_tensors=header["command"] == "tensors")

    def _load(self, number: int) -> Header:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        header, model = self._sources[number]
        kind = OpResolverType.BUILTIN_REF if header["reference"] else OpResolverType.BUILTIN
        interpreter = Interpreter(
            model_content=model,
            num_threads=1,
            experimental_op_resolver_type=kind,
            experimental_preserve_all_tensors=header["all_tensors"],
        )
        interpreter.allocate_tensors()
        _refuse_overrun(interpreter)
        self._interpreters[number] = interpreter
        return {
            "inputs": [_described(detail) for detail in interpreter.get_input_details()],
            "outputs": [_described(detail) for detail in interpreter.get_output_details()],
        }

    def _run(self, interpreter: Any, arrays: list[Array], *, all_tensors: bool) -> tuple[Header, list[Array]]:
        for detail, array in zip(interpreter.get_input_details(), arrays, strict=True):
            interpreter.set_tensor(detail["index"], array)
        interpreter.invoke()
        details = interpreter.get_tensor_details() if all_tensors else interpreter.get_output_details()
        found: list[Array] = []
        names: list[list[Any]] = []
        for detail in details:
            contents = _contents(interpreter, detail, required=not all_tensors)
            names.append([detail["index"], detail["name"], contents is not None])
            if contents is not None:
                found.append(contents)
        return {"tensors": names}, found


def _refuse_overrun(interpreter: Any) -> None:
    """Refuse models on which LiteRT is known to write outside of its buffers and to return nonsense.

    Its integer SVDF (kernels/internal/reference/svdf.h) takes the state and the time weights for int16
    without a check; TFLite Micro also has int8 ones. Such a model corrupts the heap on every run. Its
    quantised SUM leaves the output unwritten: what is read is left over in memory.
    """
    details = {detail["index"]: detail for detail in interpreter.get_tensor_details()}
    for operator in interpreter._get_ops_details():
        if operator["op_name"] == "SUM" and details[operator["inputs"][0]]["dtype"] in (np.int8, np.int16):
            raise ValueError("LiteRT's reference SUM of quantised data returns what happens to lie in memory")
        if operator["op_name"] != "SVDF":
            continue
        kinds = [details[index]["dtype"] for index in operator["inputs"][:5] if index in details]
        if kinds[0] == np.int8 and (kinds[2], kinds[-1]) != (np.int16, np.int16):
            raise ValueError(
                "LiteRT's SVDF takes int8 state for int16 and overruns it; only TFLM can run this"
            )


def _contents(interpreter: Any, detail: Any, *, required: bool) -> Array | None:
    """A copy of a tensor; None for one without memory, such as a resource handle."""
    if not required and np.dtype(detail["dtype"]).kind not in "biuf":
        return None
    try:
        contents = interpreter.get_tensor(detail["index"])
        return np.ascontiguousarray(contents).reshape(contents.shape)
    except ValueError:
        if required:
            raise
        return None


def _described(detail: Any) -> list[Any]:
    return [detail["name"], np.dtype(detail["dtype"]).str, [int(extent) for extent in detail["shape"]]]


def serve() -> None:
    """Answer requests until standard input ends. LiteRT's own chatter goes to standard error."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)

    def read(count: int) -> bytes:
        data = requests.read(count)
        if len(data) != count:
            raise EOFError
        return data

    server = _Server()
    while True:
        try:
            header, arrays = receive(read)
        except EOFError:
            return
        try:
            answer, results = server.handle(header, arrays)
        except (RuntimeError, ValueError, TypeError, KeyError) as error:
            answer, results = {"error": f"{error}"}, []
        send(answers.write, answer, results)
        answers.flush()


if __name__ == "__main__":
    serve()
    sys.stdout.flush()
    os._exit(0)  # LiteRT's teardown of a damaged model may abort; the answers are out
