# SPDX-License-Identifier: Apache-2.0
"""What a training script leaves in its folder: model, test set, samples for main.c, expected result."""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import Graph
from milliwatt.testing.tflite_writer import write
from training.score import digest, litert_outputs

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Example:
    """The files of one example.

    Attributes:
        name: their stem and the C prefix.
        script: what makes them.
        folder: where they are written.
    """

    name: str
    script: Path
    folder: Path

    @property
    def model(self) -> Path:
        """The model file."""
        return self.folder / f"{self.name}.tflite"

    def write_model(self, graph: Graph) -> None:
        """Write the model."""
        self.model.write_bytes(write(graph))

    def write_test_set(self, inputs: Array, labels: Array) -> Array:
        """Write int8 inputs, [examples, *shape], and their labels; returns LiteRT's outputs for them."""
        path = self.folder / f"{self.name}_test.npz"
        np.savez_compressed(path, inputs=inputs, labels=labels.astype(np.uint8))
        return litert_outputs(self.model, inputs)

    def write_samples(self, inputs: Array, labels: Array, **constants: int) -> None:
        """Write a few inputs with their labels, and integers, as a C header for main.c."""
        upper, flat = self.name.upper(), inputs.reshape(len(inputs), -1)
        lines = ["/* SPDX-License-Identifier: Apache-2.0 */"]
        lines += [f"/* Made by train.py: a few inputs of the test set of {self.name}. */"]
        lines += [f"#ifndef {upper}_SAMPLES_H", f"#define {upper}_SAMPLES_H", "", "#include <stdint.h>", ""]
        lines += [f"#define {upper}_{constant.upper()} {value}" for constant, value in constants.items()]
        lines += [f"#define {upper}_SAMPLES {len(flat)}", ""]
        lines += [f"static const int8_t {self.name}_samples[{upper}_SAMPLES][{flat.shape[1]}] = {{"]
        for row in flat:
            lines += ["    {", *_rows(row.tolist()), "    },"]
        lines += ["};", f"static const int8_t {self.name}_labels[{upper}_SAMPLES] = {{"]
        lines += [*_rows(labels.tolist()), "};", "", "#endif", ""]
        (self.folder / f"{self.name}_samples.h").write_text("\n".join(lines), encoding="utf-8")

    def write_expected(self, outputs: Array, **results: float) -> None:
        """Write the expected result: what CI checks, and what it says of the model."""
        model = self.model.read_bytes()
        content = {
            "made_by": f"python examples/{self.script.parent.name}/{self.script.name}",
            "model": self.model.name,
            "model_bytes": len(model),
            "model_sha256": hashlib.sha256(model).hexdigest(),
            "engine": "LiteRT, reference kernels",
            "examples": len(outputs),
            "outputs_sha256": digest(outputs),
            **results,
        }
        text = json.dumps(content, indent=2) + "\n"
        (self.folder / "expected.json").write_text(text, encoding="utf-8")
        print(text, end="")


def example_of_command_line(script: Path, name: str) -> Example:
    """The example whose files go beside its training script, or into the folder given with --output."""
    path = script.resolve()
    parser = argparse.ArgumentParser(description=f"Train the example model {name} and write its files.")
    parser.add_argument("--output", type=Path, default=path.parent, help="folder to write to")
    return Example(name, path, parser.parse_args().output)


def _rows(values: list[int], *, columns: int = 16) -> list[str]:
    return [
        "        " + " ".join(f"{value}," for value in values[start : start + columns])
        for start in range(0, len(values), columns)
    ]
