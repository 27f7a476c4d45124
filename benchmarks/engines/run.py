# SPDX-License-Identifier: Apache-2.0
"""Remakes the table of engines: milliwatt on the MLPerf Tiny models beside what others reach or publish.

`python benchmarks/engines/run.py` profiles every reference model that lies in ../shared/models in all modes, reads
the peers' figures from ../shared/baselines.json, and writes results.json and results.md beside this file and
the table of the README. Our
milliseconds are modelled (the error stands in the file); those of others are measured on the same board.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from milliwatt.cli.inspect import node_macs
from milliwatt.cli.options import Optimize, build_from, level_for
from milliwatt.measure.litert import LiteRT
from milliwatt.measure.profile import profile
from milliwatt.ops import Numerics
from milliwatt.runners import runners_for, values_by_step
from milliwatt.verification import verify

HERE = Path(__file__).resolve().parent
SHARED = HERE.parents[2] / "shared"
BOARD = "nucleo-l4r5zi"
MODELS = ("kws_int8", "ic_int8", "vww_int8", "ad_int8", "sww_int8")
SHORT = {"kws_int8": "kws", "ic_int8": "ic", "vww_int8": "vww", "ad_int8": "ad"}
SAMPLES = 100
BEGIN, END = "<!-- engines: begin -->", "<!-- engines: end -->"


def measure(name: str, optimize: Optimize) -> dict[str, Any]:
    """Profile and verify one model in one mode."""
    path = SHARED / "models" / f"{name}.tflite"
    started = time.perf_counter()
    build = build_from(path, board=BOARD, numerics=Numerics.LITERT, name="", optimize=optimize)
    built = time.perf_counter()
    result = profile(
        build.emitted,
        build.options.board,
        source_macs=sum(node_macs(build.imported)),
        level=level_for(optimize),
    ).to_json()
    profiled = time.perf_counter()
    with LiteRT(path.read_bytes(), all_tensors=True) as litert:
        proof = verify(
            build,
            oracle=litert,
            runners=runners_for(build, ["host", "emulator"]),
            samples=SAMPLES,
            seed=0,
            locate=values_by_step,
        )
    return {
        **result,
        "arena_lower_bound": build.plan.lower_bound,
        "bit_exact": proof.ok,
        "verified_samples": proof.samples,
        "build_s": round(built - started, 2),
        "profile_s": round(profiled - built, 2),
    }


def markdown(results: dict[str, dict[str, Any]], peers: dict[str, Any]) -> str:
    """The table as Markdown."""
    lines = [
        "# Engines on Cortex-M4",
        "",
        f"Board {BOARD}, int8 MLPerf Tiny models, `--numerics litert`. Remake with `make benchmarks`.",
        "Core cycles are at zero wait states, milliseconds with the board's flash. milliwatt: emulated instructions,",
        "modelled cycles (see the error in results.json). TFLM + CMSIS-NN: same models, same timing rules.",
        "Published: the makers' MLPerf Tiny results, measured on the same board.",
        "",
        "| model | mode | MACs executed | core cycles | ms | RAM | code flash | weights | bit-exact |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    for key, row in results.items():
        name, mode = key.split("/")
        exact = f"{row['verified_samples']} inputs" if row["bit_exact"] else "NO"
        lines.append(
            f"| {name} | {mode} | {row['macs']['executed']:,} | {row['cycles']['core']:,} "
            f"| {row['latency_ms']['board']:.2f} | {row['ram_bytes']['total']:,} | {row['flash_bytes']['code']:,} "
            f"| {row['flash_bytes']['weights']:,} | {exact} |"
        )
    lines += [
        "",
        "| model | engine | core cycles | ms | arena | code flash |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    tflm = peers["tflm_measured"]["cores"]["cortex-m4, CMSIS-NN, TFLM default flags (kernels -O2)"]
    published = peers["published_mlperf_tiny"]["NUCLEO-L4R5ZI, Cortex-M4 120 MHz"]
    for name, short in SHORT.items():
        row = tflm[name]
        lines.append(
            f"| {name} | TFLM + CMSIS-NN | {row['cycles_core']:,} | {row['l4r5_ms']} | {row['arena_bytes']:,} "
            f"| {row['flash_code_bytes']:,} |"
        )
        lines += [f"| {name} | {engine}, published | - | {figures[short][0]} | - | - |"
                  for engine, figures in published.items()]  # fmt: skip
    return "\n".join(lines) + "\n"


def headline(results: dict[str, dict[str, Any]], peers: dict[str, Any]) -> str:
    """The README's table: one row a model, in the default mode, beside the peers on the same board."""
    tflm = peers["tflm_measured"]["cores"]["cortex-m4, CMSIS-NN, TFLM default flags (kernels -O2)"]
    published = peers["published_mlperf_tiny"]["NUCLEO-L4R5ZI, Cortex-M4 120 MHz"]
    lines = [
        "| MLPerf Tiny model | milliwatt | TFLM + CMSIS-NN | best published |",
        "| --- | --- | --- | --- |",
    ]
    for name, short in SHORT.items():
        row, peer = results[f"{name}/balanced"], tflm[name]
        engine, figures = min(published.items(), key=lambda item: item[1][short][0])
        lines.append(
            f"| {name} | **{row['latency_ms']['board']:.2f} ms**, {row['ram_bytes']['total'] / 1000:.1f} kB RAM, "
            f"{row['flash_bytes']['code'] / 1000:.1f} kB code | {peer['l4r5_ms']:.1f} ms, "
            f"{peer['arena_bytes'] / 1000:.1f} kB arena, {peer['flash_code_bytes'] / 1000:.1f} kB code "
            f"| {figures[short][0]:.2f} ms ({engine}) |"
        )
    return "\n".join(lines)


def write_readme(table: str) -> None:
    """Put the table between the README's marks."""
    path = HERE.parents[1] / "README.md"
    before, rest = path.read_text("utf-8").split(BEGIN)
    _, after = rest.split(END)
    path.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", "utf-8")


def progress_line(name: str, optimize: Optimize, row: dict[str, Any]) -> str:
    """One line for the terminal."""
    return (
        f"{name:10} {optimize.value:9} {row['cycles']['core']:>12,} cycles {row['latency_ms']['board']:8.2f} ms "
        f"RAM {row['ram_bytes']['total']:>7,} code {row['flash_bytes']['code']:>7,} "
        f"{'equal' if row['bit_exact'] else 'DIFFERENT'}"
    )


def main() -> int:
    """Measure all and write the files; 1 when a model is absent or differs."""
    missing = [name for name in MODELS if not (SHARED / "models" / f"{name}.tflite").is_file()]
    if missing:
        print(f"the reference models {', '.join(missing)} are not in {SHARED / 'models'}")
        return 1
    results = {}
    for name in MODELS:
        for optimize in Optimize:
            results[f"{name}/{optimize.value}"] = row = measure(name, optimize)
            print(progress_line(name, optimize, row), flush=True)
    peers = json.loads((SHARED / "baselines.json").read_text("utf-8"))
    (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    write_readme(headline(results, peers))
    (HERE / "results.md").write_text(markdown(results, peers), "utf-8")
    return 0 if all(row["bit_exact"] for row in results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
