# SPDX-License-Identifier: Apache-2.0
"""Remakes the table of engines: milliwatt on the MLPerf Tiny models beside what others reach or publish.

`python benchmarks/engines/run.py` profiles and verifies every reference model that lies in ../shared/models in all
modes, reads the peers' figures from ../shared/baselines.json, and writes results.json, results.md and results.svg
beside this file and the table of the README. Our milliseconds are modelled (the error stands in the file); those of
others are measured on the same board. A run that was interrupted goes on with `--resume`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from picture import svg
from rows import BOARD, MODELS, Row, measure, rows
from tables import Results, headline, markdown

HERE = Path(__file__).resolve().parent
SHARED = HERE.parents[2] / "shared"
RESULTS = HERE / "results.json"
BEGIN, END = "<!-- engines: begin -->", "<!-- engines: end -->"


def write_readme(table: str) -> None:
    """Put the table between the README's marks."""
    path = HERE.parents[1] / "README.md"
    before, rest = path.read_text("utf-8").split(BEGIN)
    _, after = rest.split(END)
    path.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", "utf-8")


def progress_line(row: Row, result: dict[str, Any]) -> str:
    """One line for the terminal."""
    return (
        f"{row.key:34} {result['cycles']['core']:>12,} cycles {result['latency_ms']['board']:8.2f} ms "
        f"RAM {result['ram_bytes']['total']:>7,} code {result['flash_bytes']['code']:>7,} "
        f"{'equal' if result['bit_exact'] else 'DIFFERENT'}"
    )


def write(results: Results) -> None:
    """All files, from complete results."""
    peers = json.loads((SHARED / "baselines.json").read_text("utf-8"))
    write_readme(headline(results, peers))
    (HERE / "results.md").write_text(markdown(results, peers, board=BOARD), "utf-8")
    (HERE / "results.svg").write_text(svg(results, peers, board=BOARD), "utf-8")


def known() -> Results:
    """The rows that results.json has."""
    found: Results = json.loads(RESULTS.read_text("utf-8")) if RESULTS.is_file() else {}
    return found


def keep(key: str, result: dict[str, Any]) -> None:
    """Put a row into results.json, whole or not at all; another process may be measuring other models."""
    text = json.dumps({**known(), key: result}, indent=1) + "\n"
    part = RESULTS.with_suffix(f".{os.getpid()}.part")
    part.write_text(text, "utf-8")
    part.replace(RESULTS)


def main() -> int:
    """Measure all and write the files; 1 when a model is absent or differs."""
    parser = argparse.ArgumentParser(description="Remakes the table of engines.")
    parser.add_argument("--resume", action="store_true", help="keep the rows that results.json has")
    parser.add_argument("--only", action="append", choices=MODELS, help="measure this model alone")
    options = parser.parse_args()
    missing = [name for name in MODELS if not (SHARED / "models" / f"{name}.tflite").is_file()]
    if missing:
        print(f"the reference models {', '.join(missing)} are not in {SHARED / 'models'}")
        return 1
    chosen = [row for row in rows() if row.model in (options.only or MODELS)]
    for row in chosen:
        if not (options.resume and row.key in known()):
            result = measure(row, SHARED / "models" / f"{row.model}.tflite")
            keep(row.key, result)
            print(progress_line(row, result), flush=True)
    results = {row.key: known()[row.key] for row in rows() if row.key in known()}
    if all(f"{model}/{mode}" in results for model in MODELS for mode in ("balanced", "speed")):
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
        write(results)
    return 0 if all(results[row.key]["bit_exact"] for row in chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
