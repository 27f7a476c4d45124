# SPDX-License-Identifier: Apache-2.0
"""Accuracy of the emitted C on whole data sets, run on this computer, under each contract of rounding.

    python benchmarks/accuracy/run.py

writes results.md and results.json beside this file. The reference models and data are not part of the
project: what is not found under --shared is left out, and the table says so.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.measure.host import HostRunner
from milliwatt.measure.litert import LiteRT
from milliwatt.ops import Numerics
from milliwatt.pipeline import Options, compile_graph, load
from milliwatt.targets import board

Array = npt.NDArray[Any]
HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


# The engine of LiteRT that each contract is equal to: its reference kernels, and its default on a PC (XNNPACK).
_ENGINE = {Numerics.LITERT: "reference", Numerics.FAST: "default"}
_ABOUT = """\
Accuracy on whole data sets, measured on a PC: the emitted C by contract of rounding (`--numerics`), and LiteRT by
engine (its reference kernels, and its default with XNNPACK). The last column counts the output elements of the
emitted C that differ from the engine whose contract it keeps. Remake with `python benchmarks/accuracy/run.py`."""


@dataclass(frozen=True)
class Task:
    """A classifier with its labelled data.

    Attributes:
        title: the data set, in the table's words.
        model: path of the .tflite file.
        data: path of an .npz file.
        read: the int8 inputs, [examples, *shape], of the opened file.
        labels: the key of the class numbers in it.
    """

    title: str
    model: Path
    data: Path
    read: Callable[[Any], Array]
    labels: str

    def missing(self) -> str:
        """One sentence on what is not there, or nothing."""
        absent = [path.name for path in (self.model, self.data) if not path.is_file()]
        return f"{' and '.join(absent)} not found" if absent else ""


@dataclass(frozen=True)
class Result:
    """What came out.

    Attributes:
        examples: how many were classified.
        correct: how many got their label as the first largest output, by contract of rounding of the emitted C
            and by LiteRT's engines "reference" and "default".
        differing: output elements of the emitted C that differ from the engine whose contract it keeps.
        elements: output elements compared with each engine.
    """

    examples: int
    correct: dict[str, int]
    differing: dict[str, int]
    elements: int


def tasks(shared: Path) -> tuple[Task, ...]:
    """The reference models under ``shared`` and the shipped examples."""

    def example(folder: str, name: str, title: str) -> Task:
        path = ROOT / "examples" / folder
        return Task(
            title, path / f"{name}.tflite", path / f"{name}_test.npz", lambda file: file["inputs"], "labels"
        )

    keywords = shared / "data/mlperf_tiny_kws01/kws01_mfcc_int8.npz"
    images = shared / "data/licence_unstated/mlperf_tiny_ic01/ic01_eembc200_uint8.npz"
    return (
        Task(
            "MLPerf Tiny keyword spotting", shared / "models/kws_int8.tflite", keywords, keyword_inputs, "y"
        ),
        Task("MLPerf Tiny image classification", shared / "models/ic_int8.tflite", images, image_inputs, "y"),
        example("01_digits", "digits", "example digits, held out"),
        example("02_vibration", "vibration", "example vibration, held out"),
    )


def keyword_inputs(file: Any) -> Array:
    """Features that are quantised already, [clips, 49, 10, 1]."""
    features: Array = file["x"][..., None]
    return features


def image_inputs(file: Any) -> Array:
    """Pixels of 0 to 255 as int8: the model's input has scale 1 and zero point -128."""
    pixels: Array = (file["x"].astype(np.int16) - 128).astype(np.int8)
    return pixels


def measure(
    task: Task, contracts: Sequence[Numerics] = tuple(Numerics), *, limit: int | None = None
) -> Result:
    """Classify the data set, or its first ``limit`` examples, by the emitted C and by LiteRT."""
    with np.load(task.data) as file:
        inputs, labels = task.read(file)[:limit], file[task.labels][:limit]
    outputs = {contract.value: _outputs(task.model, inputs, contract) for contract in contracts}
    outputs |= {engine: _litert(task.model, inputs, engine=engine) for engine in _ENGINE.values()}
    correct = {name: int(np.count_nonzero(found.argmax(1) == labels)) for name, found in outputs.items()}
    differing = {
        contract.value: int(np.count_nonzero(outputs[contract.value] != outputs[_ENGINE[contract]]))
        for contract in contracts
        if contract in _ENGINE
    }
    return Result(len(inputs), correct, differing, outputs["reference"].size)


def _outputs(model: Path, inputs: Array, contract: Numerics) -> Array:
    graph = load(model)
    shape = graph.values[graph.inputs[0]].shape
    build = compile_graph(graph, Options(board=board("host"), numerics=contract, name="model"))
    runner = HostRunner(build.emitted)
    return np.stack([runner.run([example.reshape(shape)])[0].ravel() for example in inputs])


def _litert(model: Path, inputs: Array, *, engine: str) -> Array:
    with LiteRT(model.read_bytes(), reference=engine == "reference") as interpreter:
        shape = interpreter.inputs[0].shape
        return np.stack([interpreter.run([example.reshape(shape)])[0].ravel() for example in inputs])


def markdown(results: Sequence[tuple[Task, Result | None]]) -> str:
    """The table."""
    columns = [*(contract.value for contract in Numerics), *_ENGINE.values()]
    heads = [
        *(f"`{contract.value}`" for contract in Numerics),
        *(f"LiteRT {name}" for name in _ENGINE.values()),
    ]
    lines = [_ABOUT, "", f"| data | model | examples | {' | '.join(heads)} | unequal to LiteRT |"]
    lines += [f"| --- | --- | ---: | {' | '.join('---:' for _ in heads)} | --- |"]
    for task, result in results:
        start = f"| {task.title} | {task.model.name}"
        if result is None:
            lines += [f"{start} | left out: {task.missing()} | {' | '.join('' for _ in heads)} | |"]
            continue
        shares = [f"{100 * result.correct[name] / result.examples:.1f} %" for name in columns]
        unequal = ", ".join(
            f"`{name}` {count} of {result.elements}" for name, count in result.differing.items()
        )
        lines += [f"{start} | {result.examples} | {' | '.join(shares)} | {unequal} |"]
    return "\n".join(lines) + "\n"


def as_json(results: Sequence[tuple[Task, Result | None]]) -> dict[str, Any]:
    """The same as a JSON object."""
    rows = [
        {
            "data": task.title,
            "model": task.model.name,
            **({"missing": task.missing()} if result is None else vars(result)),
        }
        for task, result in results
    ]
    return {"made_by": "python benchmarks/accuracy/run.py", "obtained": "measured on a PC", "rows": rows}


def main() -> None:
    """Measure what is there, print the table and write both files."""
    parser = argparse.ArgumentParser(description="Accuracy of the emitted C on whole data sets.")
    parser.add_argument(
        "--shared", type=Path, default=ROOT.parent / "shared", help="reference models and data"
    )
    parser.add_argument("--output", type=Path, default=HERE, help="folder of results.md and results.json")
    arguments = parser.parse_args()
    results = [(task, None if task.missing() else measure(task)) for task in tasks(arguments.shared)]
    text = markdown(results)
    print(text, end="")
    (arguments.output / "results.md").write_text(text, encoding="utf-8")
    content = json.dumps(as_json(results), indent=2) + "\n"
    (arguments.output / "results.json").write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
