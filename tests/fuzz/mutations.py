# SPDX-License-Identifier: Apache-2.0
"""Ways to damage a file, each a function of random bytes: the same seed gives the same damage."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

Random = np.random.Generator
Mutation = Callable[[bytearray, Sequence[bytes], Random], bytearray]

EXTREMES = (0, 1, 2, 4, 0x7F, 0x80, 0xFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFF)


def flip_bits(data: bytearray, _: Sequence[bytes], random: Random) -> bytearray:
    """Flip one to sixteen bits anywhere."""
    for _number in range(int(random.integers(1, 17))):
        data[int(random.integers(len(data)))] ^= 1 << int(random.integers(8))
    return data


def truncate(data: bytearray, _: Sequence[bytes], random: Random) -> bytearray:
    """Cut the end off."""
    return data[: int(random.integers(len(data)))]


def splice(data: bytearray, corpus: Sequence[bytes], random: Random) -> bytearray:
    """Overwrite or insert a piece of another file."""
    other = corpus[int(random.integers(len(corpus)))]
    start = int(random.integers(len(other)))
    piece = other[start : start + int(random.integers(1, 512))]
    at = int(random.integers(len(data)))
    end = at + len(piece) if random.random() < 0.5 else at
    data[at:end] = piece
    return data


def overwrite_word(data: bytearray, _: Sequence[bytes], random: Random) -> bytearray:
    """Set some aligned 32-bit words to extreme values."""
    for _number in range(int(random.integers(1, 5))):
        _put(data, 4 * int(random.integers(len(data) // 4)), _extreme(random))
    return data


def corrupt_structure(data: bytearray, _: Sequence[bytes], random: Random) -> bytearray:
    """Change words that look like lengths or offsets: small numbers, or pointers into the file."""
    words, structural = _words(data), _structural(data)
    for _number in range(int(random.integers(1, 3))):
        index = int(random.choice(structural)) if len(structural) else 0
        old = int(words[index])
        near = (old - 4, old - 1, old + 1, old + 4, 2 * old, 256 * old)
        _put(data, 4 * index, int(random.choice(near)) if random.random() < 0.5 else _extreme(random))
    return data


def repeat_reference(data: bytearray, _: Sequence[bytes], random: Random) -> bytearray:
    """Make a run of words point to the same place: many tables that are one."""
    count, at = int(random.integers(2, 65)), 4 * int(random.integers(len(data) // 4))
    target = int(random.integers(len(data)))
    for number in range(count):
        if at + 4 * number + 4 <= len(data):
            _put(data, at + 4 * number, target - at - 4 * number)
    return data


def flip_structure(data: bytearray, _: Sequence[bytes], random: Random) -> bytearray:
    """Flip one to three bits of words that look like lengths or offsets."""
    structural = _structural(data)
    for _number in range(int(random.integers(1, 4))):
        if len(structural):
            data[4 * int(random.choice(structural)) + int(random.integers(4))] ^= 1 << int(random.integers(8))
    return data


WEIGHTS: dict[Mutation, float] = {
    corrupt_structure: 0.35,
    flip_structure: 0.2,
    flip_bits: 0.15,
    overwrite_word: 0.15,
    truncate: 0.05,
    splice: 0.05,
    repeat_reference: 0.05,
}


def mutated(corpus: Sequence[bytes], seed: int) -> tuple[str, bytes]:
    """One damaged file of the corpus and what was done to it. The identifier at byte 4 mostly stays."""
    random = np.random.default_rng(seed)
    source = int(random.integers(len(corpus)))
    data = bytearray(corpus[source])
    mutations, weights = list(WEIGHTS), list(WEIGHTS.values())
    names = []
    for _number in range(int(random.choice([1, 1, 1, 1, 2, 3]))):
        mutation = mutations[int(random.choice(len(mutations), p=weights))]
        names.append(mutation.__name__)
        data = mutation(data, corpus, random)
        if len(data) < 16:
            break
    if random.random() < 0.95 and len(data) >= 8:
        data[4:8] = corpus[source][4:8]
    return f"file {source}, seed {seed}: {', '.join(names)}", bytes(data)


def _structural(data: bytearray) -> npt.NDArray[np.int64]:
    """Indices of the aligned words that are small numbers or point into the file."""
    words = _words(data)
    target = words + 4 * np.arange(len(words))
    return np.flatnonzero((words > 0) & ((words < 4096) | (target < len(data))))


def _words(data: bytearray) -> npt.NDArray[np.int64]:
    return np.frombuffer(bytes(data[: len(data) // 4 * 4]), "<u4").astype(np.int64)


def _put(data: bytearray, at: int, value: int) -> None:
    data[at : at + 4] = struct.pack("<I", value & 0xFFFFFFFF)


def _extreme(random: Random) -> int:
    return (
        EXTREMES[int(random.integers(len(EXTREMES)))]
        if random.random() < 0.8
        else int(random.integers(2**32))
    )
