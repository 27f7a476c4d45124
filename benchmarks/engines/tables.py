# SPDX-License-Identifier: Apache-2.0
"""The tables of engines in Markdown."""

from __future__ import annotations

from typing import Any

Results = dict[str, dict[str, Any]]

SHORT = {"kws_int8": "kws", "ic_int8": "ic", "vww_int8": "vww", "ad_int8": "ad"}
"""Names of the models in the peers' figures."""


def tflm(peers: dict[str, Any]) -> dict[str, Any]:
    """TFLM with CMSIS-NN under the same timing rules, by model."""
    found: dict[str, Any] = peers["tflm_measured"]["cores"][
        "cortex-m4, CMSIS-NN, TFLM default flags (kernels -O2)"
    ]
    return found


def published(peers: dict[str, Any]) -> dict[str, Any]:
    """What makers published for the board: engine -> short name of the model -> milliseconds and millijoules."""
    found: dict[str, Any] = peers["published_mlperf_tiny"]["NUCLEO-L4R5ZI, Cortex-M4 120 MHz"]
    return found


def best_published(peers: dict[str, Any], model: str) -> tuple[str, float]:
    """The fastest published engine for a model, and its milliseconds."""
    short = SHORT[model]
    engine, figures = min(published(peers).items(), key=lambda item: item[1][short][0])
    return engine, figures[short][0]


def markdown(results: Results, peers: dict[str, Any], *, board: str) -> str:
    """The page of all rows, ours and the peers'."""
    lines = [
        "# Engines on Cortex-M4",
        "",
        f"Board {board}, int8 MLPerf Tiny models; `--numerics litert` where nothing else is said.",
        "Remake with `make benchmarks`. Core cycles are at zero wait states, milliseconds with the board's flash.",
        "milliwatt: emulated instructions, modelled cycles (see the error in results.json). RAM is arena with input",
        "and output, scratch, stack and static data; weights in RAM are static data. TFLM + CMSIS-NN: same models,",
        "same timing rules. Published: the makers' MLPerf Tiny results, measured on the same board.",
        "",
        "![milliseconds of milliwatt and others](results.svg)",
        "",
        "| model | mode | MACs executed | core cycles | ms | RAM | code flash | weights | equal over |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
        *(_line(key, results[key]) for key in sorted(results, key=lambda key: key.split("/")[0])),
        "",
        "| model | engine | core cycles | ms | arena | code flash |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for name, short in SHORT.items():
        row = tflm(peers)[name]
        lines.append(
            f"| {name} | TFLM + CMSIS-NN | {row['cycles_core']:,} | {row['l4r5_ms']} | {row['arena_bytes']:,} "
            f"| {row['flash_code_bytes']:,} |"
        )
        lines += [
            f"| {name} | {engine}, published | - | {figures[short][0]} | - | - |"
            for engine, figures in published(peers).items()
        ]
    return "\n".join(lines) + "\n"


def _line(key: str, row: dict[str, Any]) -> str:
    name, mode = key.split("/")
    exact = f"{row['verified_samples']} inputs" if row["bit_exact"] else "NO"
    return (
        f"| {name} | {mode} | {row['macs']['executed']:,} | {row['cycles']['core']:,} "
        f"| {row['latency_ms']['board']:.2f} | {row['ram_bytes']['total']:,} | {row['flash_bytes']['code']:,} "
        f"| {row['flash_bytes']['weights']:,} | {exact} |"
    )


def headline(results: Results, peers: dict[str, Any]) -> str:
    """The README's table: one row a model, in the default mode, beside the peers on the same board."""
    lines = [
        "| MLPerf Tiny model | milliwatt | milliwatt, `--optimize speed` | TFLM + CMSIS-NN | best published |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name in SHORT:
        row, fast, peer = results[f"{name}/balanced"], results[f"{name}/speed"], tflm(peers)[name]
        engine, best = best_published(peers, name)
        lines.append(
            f"| {name} | **{row['latency_ms']['board']:.2f} ms**, {row['ram_bytes']['total'] / 1000:.1f} kB RAM, "
            f"{row['flash_bytes']['code'] / 1000:.1f} kB code | {fast['latency_ms']['board']:.2f} ms, "
            f"{fast['ram_bytes']['total'] / 1000:.1f} kB RAM | {peer['l4r5_ms']:.1f} ms, "
            f"{peer['arena_bytes'] / 1000:.1f} kB arena, {peer['flash_code_bytes'] / 1000:.1f} kB code "
            f"| {best:.2f} ms ({engine}) |"
        )
    return "\n".join(lines)
