# SPDX-License-Identifier: Apache-2.0
"""Ways to damage a .pt2 file that a byte flip hardly finds, since the archive has check sums: its files change."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from typing import Any

import numpy as np

# PyTorch takes its memory before the fuzzer limits what may be added.
import torch
import torch.ao.quantization.fx._decomposed

Random = np.random.Generator

torch.export.export(torch.nn.ReLU(), (torch.zeros(1),)).run_decompositions()

ODD: tuple[Any, ...] = (
    *(-(2**63), -(2**31), -3, -1, 0, 1, 2, 3, 7, 65536, 2**31 - 1, 2**40, 2**63 - 1),
    *(0.5, -1.0, 1e300, "", "x", "torch.ops.aten.relu.default", "s0", True, None, [], {}),
)
OPERATORS = (
    "relu.default",
    "add.Tensor",
    "cat.default",
    "mm.default",
    "view.default",
    "lstm.input",
    "conv2d.default",
)


def mutated(corpus: Sequence[bytes], seed: int) -> tuple[str, bytes]:
    """One damaged file made from the corpus, and which."""
    random = np.random.default_rng(seed)
    source = int(random.integers(len(corpus)))
    if random.random() < 0.2:
        return f"file {source}, seed {seed}, bytes", changed_bytes(corpus[source], random)
    with zipfile.ZipFile(io.BytesIO(corpus[source])) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    for _number in range(int(random.integers(1, 4))):
        name = list(files)[int(random.integers(len(files)))]
        documents = [name for name in files if name.endswith(".json")]
        if random.random() < 0.85:
            name = documents[int(random.integers(len(documents)))]
            files[name] = changed_document(files[name], random)
        else:
            files[name] = changed_bytes(files[name], random)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return f"file {source}, seed {seed}", stream.getvalue()


def changed_bytes(content: bytes, random: Random) -> bytes:
    """Shorter, longer, or with other bytes."""
    kind = int(random.integers(3))
    place = int(random.integers(len(content) + 1))
    if kind == 0:
        return content[:place]
    if kind == 1:
        return content + bytes(random.integers(0, 256, place + 1, dtype=np.uint8))
    return content[:place] + bytes(random.integers(0, 256, 4, dtype=np.uint8)) + content[place + 4 :]


def changed_document(content: bytes, random: Random) -> bytes:
    """One value odd, gone, or another value of the same document; or another operator."""
    try:
        document = json.loads(content)
    except ValueError:
        return content
    places = list(_places(document))
    if not places:
        return content
    holder, key = places[int(random.integers(len(places)))]
    kind = int(random.integers(5))
    if key == "target" and kind < 3:
        holder[key] = f"torch.ops.aten.{OPERATORS[int(random.integers(len(OPERATORS)))]}"
    elif kind == 0:
        del holder[key]
    elif kind == 1:
        other, place = places[int(random.integers(len(places)))]
        holder[key] = json.loads(json.dumps(other[place]))
    elif kind == 2 and isinstance(holder[key], list):
        holder[key] = holder[key][::-1] * int(random.integers(1, 3))
    else:
        holder[key] = ODD[int(random.integers(len(ODD)))]
    return json.dumps(document).encode()


def _places(document: Any) -> Any:
    """Every (object or list, key or index) of a document."""
    waiting = [document]
    while waiting:
        part = waiting.pop()
        entries = part.items() if isinstance(part, dict) else enumerate(part)
        for key, value in list(entries):
            yield part, key
            if isinstance(value, dict | list):
                waiting.append(value)
