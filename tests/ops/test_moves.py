# SPDX-License-Identifier: Apache-2.0
"""The moves that an operator states do what its meaning says; they are written independently of each other."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from milliwatt.ir import DType, Graph, Node
from milliwatt.lower.strided_box import Box, boxes, overlap_distance
from milliwatt.ops import Numerics, find, operators
from milliwatt.ops.operator import Array, Call, Move, Signature
from milliwatt.ops.registry import signature
from milliwatt.passes.rescale_parts import rescale_parts
from milliwatt.testing.builder import GraphBuilder, sample
from milliwatt.testing.recipe import recipes

MOVERS = [name for name, operator in operators().items() if operator.moves is not None]


def random_node(op: str, seed: int) -> tuple[Graph, Node, tuple[Array | None, ...]]:
    """A random node of the operator and arrays for its inputs."""
    random = np.random.default_rng(seed)
    build = GraphBuilder(random)
    recipe = recipes()[op]
    recipe.make(build, recipe.dtypes[seed % len(recipe.dtypes)])
    # Parts of several scales are given one by a pass before they are moved.
    graph = rescale_parts(build.graph())
    node = next(node for node in graph.nodes if node.op == op)
    arrays = tuple(
        None if name is None else graph.constants.get(name, sample(random, graph.values[name]))
        for name in node.inputs
    )
    return graph, node, arrays


def carried_out(kind: Signature, arrays: tuple[Array | None, ...]) -> list[Array]:
    """The outputs, element by element as the definition of `Move` has it."""
    operator = find(kind.op)
    assert operator.moves is not None
    background = operator.fill(kind) if operator.fill is not None else 0
    outputs = [np.full(output.size, background, output.dtype.numpy) for output in kind.outputs]
    for move in operator.moves(kind):
        source = arrays[move.input]
        assert source is not None
        for index in itertools.product(*(range(extent) for extent in move.extents)):
            at = move.output_offset + sum(
                i * step for i, step in zip(index, move.output_strides, strict=True)
            )
            start = move.input_offset + sum(
                i * step for i, step in zip(index, move.input_strides, strict=True)
            )
            outputs[move.output][at] = source.reshape(-1)[start]
    return outputs


@pytest.mark.parametrize("op", MOVERS)
def test_moves_do_what_the_meaning_says(op: str) -> None:
    for seed in range(14):
        graph, node, arrays = random_node(op, seed)
        kind = signature(graph, node)
        expected = find(op).evaluate(Call(kind, arrays, Numerics.LITERT))
        for want, got in zip(expected, carried_out(kind, arrays), strict=True):
            np.testing.assert_array_equal(got, want.reshape(-1), err_msg=f"seed {seed}")


def replayed(parts: tuple[Box, ...], memory: Array, *, source: int, target: int) -> None:
    """What the kernels do: every element in order, on bytes."""
    for part in parts:
        ranges = (range(extent) for extent, _, _ in part.dimensions)
        for index in itertools.product(*ranges):
            pairs = list(zip(index, part.dimensions, strict=True))
            start = source + part.input_offset + sum(i * steps[1] for i, steps in pairs)
            at = target + part.output_offset + sum(i * steps[2] for i, steps in pairs)
            memory[at : at + part.width] = memory[start : start + part.width].copy()


@pytest.mark.parametrize("op", MOVERS)
def test_boxes_survive_the_closest_permitted_overlap(op: str) -> None:
    """At the stated distance the output is right although it lies on the input."""
    for seed in range(8):
        graph, node, arrays = random_node(op, seed)
        kind = signature(graph, node)
        operator = find(op)
        assert operator.moves is not None
        for (index, output), group in itertools.groupby(
            operator.moves(kind), key=lambda move: (move.input, move.output)
        ):
            width = kind.outputs[output].dtype.bytes
            parts = tuple(box for move in group for box in boxes(move, width))
            source = arrays[index]
            assert source is not None
            check_overlap(parts, np.frombuffer(source.tobytes(), np.uint8), kind.outputs[output].bytes)


def check_overlap(parts: tuple[Box, ...], source: Array, output_bytes: int) -> None:
    apart = np.zeros(source.size + output_bytes, np.uint8)
    apart[: source.size] = source
    replayed(parts, apart, source=0, target=source.size)
    distance = overlap_distance(parts)
    assert distance is not None
    distance = max(-source.size, distance)
    target = max(0, -distance)
    memory = np.zeros(source.size + output_bytes + abs(distance), np.uint8)
    memory[target + distance : target + distance + source.size] = source
    replayed(parts, memory, source=target + distance, target=target)
    written = np.zeros(output_bytes, bool)
    for part in parts:
        for index in itertools.product(*(range(extent) for extent, _, _ in part.dimensions)):
            at = part.output_offset + sum(
                i * steps[2] for i, steps in zip(index, part.dimensions, strict=True)
            )
            written[at : at + part.width] = True
    np.testing.assert_array_equal(
        memory[target : target + output_bytes][written], apart[source.size :][written]
    )


MERGED = {
    "a copy is one run of words": ((2, 3, 4), (12, 4, 1), (12, 4, 1), 1, Box(4, ((6, 4, 4),), 0, 0)),
    "an odd run stays bytes": ((3, 5), (5, 1), (5, 1), 1, Box(1, ((15, 1, 1),), 0, 0)),
    "int64 is moved as two words": ((3,), (2,), (1,), 8, Box(4, ((3, 16, 8), (2, 4, 4)), 0, 0)),
    "rows of halfwords": ((3, 2), (5, 1), (2, 1), 2, Box(2, ((3, 10, 4), (2, 2, 2)), 0, 0)),
    "one element": ((1, 1), (7, 1), (1, 1), 4, Box(4, (), 0, 0)),
}


@pytest.mark.parametrize("case", MERGED.values(), ids=MERGED.keys())
def test_boxes_are_merged_and_widened(
    case: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], int, Box],
) -> None:
    extents, source, target, width, expected = case
    assert boxes(Move(0, 0, extents, 0, source, 0, target), width) == (expected,)


DISTANCES = {
    "a copy may be done in place": (Move(0, 0, (6,), 0, (1,), 0, (1,)), 4, 0),
    "a reversal needs all of the input but its last byte": (Move(0, 0, (5,), 4, (-1,), 0, (1,)), 1, 4),
    "a slice from the back may even lie above": (Move(0, 0, (3, 2), 3, (8, 1), 0, (2, 1)), 1, -3),
}


@pytest.mark.parametrize("case", DISTANCES.values(), ids=DISTANCES.keys())
def test_distances(case: tuple[Move, int, int]) -> None:
    """The least distance is permitted, and one element less destroys something."""
    move, width, expected = case
    parts = boxes(move, width)
    assert overlap_distance(parts) == expected
    source = np.arange(1, 65, dtype=np.uint8)
    target = 64
    outcomes = []
    for distance in (expected, expected - parts[0].width):
        memory = np.zeros(256, np.uint8)
        memory[target + distance : target + distance + 64] = source
        replayed(parts, memory, source=target + distance, target=target)
        outcomes.append(memory[target : target + parts[0].size * parts[0].width].copy())
    apart = np.concatenate([source, np.zeros(64, np.uint8)])
    replayed(parts, apart, source=0, target=64)
    wanted = apart[64 : 64 + len(outcomes[0])]
    assert np.array_equal(outcomes[0], wanted)
    assert not np.array_equal(outcomes[1], wanted)


def test_more_dimensions_than_the_kernels_have_become_several_boxes() -> None:
    extents = (2, 1, 3, 2, 2, 2, 2, 2)
    steps = tuple(1000 - 7 * axis for axis in range(8))
    parts = boxes(Move(0, 0, extents, 0, steps, 0, tuple(reversed(steps))), 1)
    assert [part.input_offset for part in parts] == [0, 1000]
    assert sum(part.size for part in parts) == np.prod(extents)


def test_element_types_cover_all_widths() -> None:
    assert {dtype.bytes for dtype in recipes()["TRANSPOSE"].dtypes} == {1, 2, 4, 8}
    assert DType.BOOL in recipes()["TRANSPOSE"].dtypes
