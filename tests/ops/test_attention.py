# SPDX-License-Identifier: Apache-2.0
"""ATTENTION and the layers around it: PyTorch gives what the meaning, the host's C and the emulated Cortex-M4 give."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from milliwatt.ir import AttrValue, DType, Graph, TensorType
from milliwatt.ops.check import check
from milliwatt.ops.interpret import Interpreter
from milliwatt.passes import optimise
from milliwatt.pipeline import Options, compile_graph
from milliwatt.runners import runner_for
from milliwatt.targets import board
from milliwatt.testing.builder import GraphBuilder

Array = npt.NDArray[Any]

FLOAT = DType.FLOAT32
RUNNERS = {"meaning": "host", "host": "host", "emulator": "nucleo-l4r5zi"}
TOLERANCE = 4e-6

SHAPES = {
    "one head": (1, 5, 7, 4, 6),
    "three heads": (3, 8, 8, 5, 5),
    "one query": (2, 1, 9, 8, 8),
    "one key": (2, 3, 1, 2, 3),
}
"""Heads, queries, keys, depth and width of the values."""

MASKS: dict[str, tuple[bool, bool] | None] = {
    "no mask": None,
    "one mask": (False, True),
    "a mask per head": (True, True),
    "a mask of keys": (False, False),
}
"""Whether the mask has heads, and queries."""


def ready(build: GraphBuilder) -> Graph:
    return check(build.graph())


def run(graph: Graph, inputs: list[Array], runner: str) -> Array:
    build = compile_graph(graph, Options(board(RUNNERS[runner])))
    return np.asarray(runner_for(build, runner).run(inputs)[0])


def attending(
    build: GraphBuilder,
    operands: tuple[str, str, str],
    mask: str | None,
    *,
    scale: float,
    adj_y: bool = True,
    views: bool = False,
) -> str:
    """Products, division, mask, softmax and products, as importers make them; with views around the softmax."""
    query, key, value = operands
    (scores,) = build.node("BATCH_MATMUL", (query, key), attrs={"adj_y": adj_y}, dtype=FLOAT)
    divisor = build.constant(np.array(1 / scale, np.float32))
    (scores,) = build.node("DIV", (scores, divisor), dtype=FLOAT)
    shape = build.type_of(scores).shape
    if views:
        (scores,) = build.node("RESHAPE", (scores,), attrs={"new_shape": (1, *shape)}, dtype=FLOAT)
    if mask is not None:
        (scores,) = build.node("ADD", (scores, mask), dtype=FLOAT)
    (weights,) = build.node("SOFTMAX", (scores,), dtype=FLOAT)
    if views:
        (weights,) = build.node("RESHAPE", (weights,), attrs={"new_shape": shape}, dtype=FLOAT)
    return build.node("BATCH_MATMUL", (weights, value), dtype=FLOAT)[0]


@pytest.mark.parametrize("runner", RUNNERS)
@pytest.mark.parametrize("mask_name", MASKS)
@pytest.mark.parametrize("name", SHAPES)
def test_attention_is_pytorch_s(name: str, mask_name: str, runner: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")
    heads, queries, keys, depth, width = SHAPES[name]
    random, kind = np.random.default_rng(0), MASKS[mask_name]
    shapes = [(heads, queries, depth), (heads, keys, depth), (heads, keys, width)]
    arrays = [random.normal(0, 1, shape).astype(np.float32) for shape in shapes]
    mask = None
    if kind is not None:
        shape = (*((heads,) if kind[0] else ()), queries if kind[1] else 1, keys)
        mask = np.where(random.random(shape) < 0.3, -np.inf, random.normal(0, 1, shape)).astype(np.float32)
        mask[..., 0] = 0.0
    tensors = [torch.from_numpy(array) for array in arrays]
    expected = torch.nn.functional.scaled_dot_product_attention(
        *tensors, attn_mask=None if mask is None else torch.from_numpy(mask)
    )
    build = GraphBuilder(random)
    names = tuple(build.input(TensorType(FLOAT, shape)) for shape in shapes)
    attrs: dict[str, AttrValue] = {"scale": 1 / math.sqrt(depth), "keys_in_columns": False}
    build.node(
        "ATTENTION", (*names, None if mask is None else build.constant(mask)), attrs=attrs, dtype=FLOAT
    )
    np.testing.assert_allclose(run(ready(build), arrays, runner), expected.numpy(), rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("views", [False, True])
@pytest.mark.parametrize("adj_y", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_its_parts_become_one(masked: bool, adj_y: bool, views: bool) -> None:
    build = GraphBuilder(np.random.default_rng(3))
    key = (2, 32, 8) if adj_y else (2, 8, 32)
    names = tuple(build.input(TensorType(FLOAT, shape)) for shape in ((2, 32, 8), key, (2, 32, 8)))
    mask = build.constant(build.random.normal(0, 1, (32, 32)).astype(np.float32)) if masked else None
    attending(build, (names[0], names[1], names[2]), mask, scale=0.25, adj_y=adj_y, views=views)
    graph = ready(build)
    optimised = optimise(graph)
    assert [node.op for node in optimised.nodes] == ["ATTENTION"]
    arrays = [build.sample(graph.values[name]) for name in graph.inputs]
    whole = run(graph.replace(outputs=(*graph.outputs, graph.nodes[0].outputs[0])), arrays, "host")
    np.testing.assert_allclose(
        run(graph, arrays, "host"), whole, rtol=0, atol=TOLERANCE * np.abs(whole).max()
    )
    # Queries, keys, values and a row of scores; the result takes the place of the queries.
    plan = compile_graph(graph, Options(board("host"))).plan
    assert plan.arena_bytes == 3 * 2 * 32 * 8 * 4 + 32 * 4


@pytest.mark.parametrize("form", ["minus infinity", "lowest", "chosen"])
def test_causal_mask_is_no_table(form: str) -> None:
    """Neither added nor stored, and the products with the keys that are shut out are not made."""
    build = GraphBuilder(np.random.default_rng(6))
    names = tuple(build.input(TensorType(FLOAT, (2, 9, 4))) for _ in range(3))
    allowed = np.tri(9, dtype=np.bool_)
    (scores,) = build.node("BATCH_MATMUL", names[:2], attrs={"adj_y": True}, dtype=FLOAT)
    if form == "chosen":
        operands = (build.constant(allowed), scores, build.constant(np.array(-np.inf, np.float32)))
        (scores,) = build.node("SELECT_V2", operands, dtype=FLOAT)
    else:
        low = -np.inf if form == "minus infinity" else np.finfo(np.float32).min
        mask = np.where(allowed, 0, low).astype(np.float32)
        (scores,) = build.node("ADD", (scores, build.constant(mask)), dtype=FLOAT)
    (weights,) = build.node("SOFTMAX", (scores,), dtype=FLOAT)
    build.node("BATCH_MATMUL", (weights, names[2]), dtype=FLOAT)
    graph = ready(build)
    [node] = optimise(graph).nodes
    assert (node.op, node.attrs["causal"], len(node.inputs)) == ("ATTENTION", True, 3)
    arrays = [build.sample(graph.values[name]) for name in graph.inputs]
    expected = np.asarray(Interpreter(graph).run(arrays)[0])
    for runner in RUNNERS:
        np.testing.assert_allclose(run(graph, arrays, runner), expected, rtol=1e-5, atol=TOLERANCE)


def test_choice_by_another_mask_is_added() -> None:
    build = GraphBuilder(np.random.default_rng(7))
    names = tuple(build.input(TensorType(FLOAT, (2, 5, 4))) for _ in range(3))
    allowed = build.random.random((5, 5)) < 0.6
    allowed[:, 2] = True
    (scores,) = build.node("BATCH_MATMUL", names[:2], attrs={"adj_y": True}, dtype=FLOAT)
    operands = (build.constant(allowed), scores, build.constant(np.array(-np.inf, np.float32)))
    (scores,) = build.node("SELECT_V2", operands, dtype=FLOAT)
    (weights,) = build.node("SOFTMAX", (scores,), dtype=FLOAT)
    build.node("BATCH_MATMUL", (weights, names[2]), dtype=FLOAT)
    graph = ready(build)
    assert [(node.op, len(node.inputs)) for node in optimise(graph).nodes] == [("ATTENTION", 4)]
    arrays = [build.sample(graph.values[name]) for name in graph.inputs]
    expected = np.asarray(Interpreter(graph).run(arrays)[0])
    np.testing.assert_allclose(run(graph, arrays, "host"), expected, rtol=1e-5, atol=TOLERANCE)


def test_scores_that_are_read_elsewhere_stay() -> None:
    build = GraphBuilder(np.random.default_rng(4))
    names = tuple(build.input(TensorType(FLOAT, (2, 4, 3))) for _ in range(3))
    attending(build, (names[0], names[1], names[2]), None, scale=0.5)
    graph = ready(build)
    shown = next(node for node in graph.nodes if node.op == "SOFTMAX").outputs[0]
    kept = optimise(graph.replace(outputs=(*graph.outputs, shown)))
    assert "ATTENTION" not in [node.op for node in kept.nodes]


def dense(build: GraphBuilder, data: str, weights: Array, bias: Array) -> str:
    operands = (data, build.constant(weights), build.constant(bias))
    return build.node("FULLY_CONNECTED", operands, attrs={"keep_num_dims": True}, dtype=FLOAT)[0]


def heads_of(build: GraphBuilder, data: str, heads: int, depth: int) -> str:
    """[positions, heads * depth] as [heads, positions, depth]."""
    positions = build.type_of(data).shape[0]
    attrs: dict[str, AttrValue] = {"new_shape": (positions, heads, depth)}
    (split,) = build.node("RESHAPE", (data,), attrs=attrs, dtype=FLOAT)
    order = build.constant(np.array([1, 0, 2], np.int32))
    return build.node("TRANSPOSE", (split, order), dtype=FLOAT)[0]


def encoder(build: GraphBuilder, layer: Any, data: str, *, heads: int, depth: int) -> str:
    """torch.nn.TransformerEncoderLayer with its norms first, as a graph on [positions, features]."""
    named = {name: array.detach().numpy() for name, array in layer.named_parameters()}

    def norm(value: str, name: str) -> str:
        operands = (value, build.constant(named[f"{name}.weight"]), build.constant(named[f"{name}.bias"]))
        return build.node("LAYER_NORM", operands, attrs={"epsilon": 1e-5}, dtype=FLOAT)[0]

    positions, features = build.type_of(data).shape
    normed = norm(data, "norm1")
    weights = np.split(named["self_attn.in_proj_weight"], 3)
    biases = np.split(named["self_attn.in_proj_bias"], 3)
    parts = [dense(build, normed, *pair) for pair in zip(weights, biases, strict=True)]
    query, key, value = (heads_of(build, part, heads, depth) for part in parts)
    mask = build.constant(np.triu(np.full((positions, positions), -np.inf, np.float32), 1))
    found = attending(build, (query, key, value), mask, scale=1 / math.sqrt(depth))
    (joined,) = build.node("TRANSPOSE", (found, build.constant(np.array([1, 0, 2], np.int32))), dtype=FLOAT)
    attrs: dict[str, AttrValue] = {"new_shape": (positions, features)}
    (joined,) = build.node("RESHAPE", (joined,), attrs=attrs, dtype=FLOAT)
    joined = dense(build, joined, named["self_attn.out_proj.weight"], named["self_attn.out_proj.bias"])
    (first,) = build.node("ADD", (data, joined), dtype=FLOAT)
    hidden = dense(build, norm(first, "norm2"), named["linear1.weight"], named["linear1.bias"])
    (hidden,) = build.node("GELU", (hidden,), attrs={"approximate": False}, dtype=FLOAT)
    second = dense(build, hidden, named["linear2.weight"], named["linear2.bias"])
    return build.node("ADD", (first, second), dtype=FLOAT)[0]


@pytest.mark.parametrize("runner", RUNNERS)
def test_causal_language_model_is_pytorch_s(runner: str) -> None:
    """Embedding of tokens, one transformer layer with a causal mask, and a head."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")
    torch.manual_seed(0)
    heads, depth, positions, words = 2, 6, 10, 20
    features = heads * depth
    table = torch.nn.Embedding(words, features)
    layer = torch.nn.TransformerEncoderLayer(
        features, heads, 24, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
    ).eval()
    head = torch.nn.Linear(features, words)
    tokens = np.random.default_rng(5).integers(0, words, positions).astype(np.int32)
    causal = torch.nn.Transformer.generate_square_subsequent_mask(positions)
    with torch.no_grad():
        expected = head(layer(table(torch.from_numpy(tokens))[None], src_mask=causal, is_causal=True))[
            0
        ].numpy()
    build = GraphBuilder(np.random.default_rng(0))
    rows = build.constant(table.weight.detach().numpy())
    (data,) = build.node("GATHER", (rows, build.input(TensorType(DType.INT32, (positions,)))), dtype=FLOAT)
    last = encoder(build, layer, data, heads=heads, depth=depth)
    dense(build, last, head.weight.detach().numpy(), head.bias.detach().numpy())
    graph = ready(build)
    assert "ATTENTION" in [node.op for node in optimise(graph).nodes]
    np.testing.assert_allclose(run(graph, [tokens], runner), expected, rtol=0, atol=TOLERANCE)
