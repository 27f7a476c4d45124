# SPDX-License-Identifier: Apache-2.0
"""What the TFLite importer makes of sound files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from tests.importers.small_models import B, W, X, Y, dense, imported, use, with_main, with_tensor

from milliwatt.importers import load
from milliwatt.importers.tflite.reader import read
from milliwatt.importers.tflite.records import ModelRecord, QuantRecord, SubgraphRecord, TensorRecord
from milliwatt.ir import DType, TensorType
from milliwatt.ir.verify import verify
from milliwatt.measure.litert import LiteRT, LiteRTWorker
from milliwatt.ops.check import check
from milliwatt.ops.interpret import Interpreter
from milliwatt.testing.tflite_records import tensor_record
from milliwatt.testing.tflite_writer import write, write_records

FLOATS = TensorType(DType.FLOAT32, (1, 4))


def test_a_small_model_becomes_the_graph_that_it_says() -> None:
    graph = imported(dense())
    assert graph.values == {"x": X, "w": W, "b": B, "y": Y}
    assert (graph.inputs, graph.outputs, graph.states) == (("x",), ("y",), ())
    (node,) = graph.nodes
    assert (node.op, node.inputs, node.outputs) == ("FULLY_CONNECTED", ("x", "w", "b"), ("y",))
    assert node.attrs["fused_activation_function"] == "RELU"
    assert node.attrs["keep_num_dims"] is False
    assert node.source == 'node 0: FULLY_CONNECTED "y"'
    assert np.array_equal(graph.constants["w"], np.arange(8).reshape(2, 4))
    assert np.array_equal(graph.constants["b"], [7, -9])


def test_scales_are_float32_to_the_last_bit() -> None:
    scale = np.array([0.1], np.float32)
    quant = QuantRecord(scale, np.array([3]), 0, "NONE")
    kind = imported(with_tensor(dense(), 0, quant=quant)).values["x"]
    assert kind.quant is not None
    assert kind.quant.scale[0] == float(scale[0]) != 0.1


def test_tensors_without_name_or_with_the_same_name() -> None:
    model = with_tensor(with_tensor(with_tensor(dense(), 0, name="t"), 1, name="t"), 3, name="")
    graph = imported(model)
    assert graph.nodes[0].inputs == ("t", "t.1", "b")
    assert graph.outputs == ("tensor_3",)


def test_unused_tensors_are_left_out_whatever_they_are() -> None:
    text = TensorRecord("text", "STRING", (1,), (), None, None, is_variable=False, is_sparse=False)
    model = dense()
    graph = imported(with_main(model, tensors=(*model.subgraphs[0].tensors, text)))
    assert "text" not in graph.values


def test_absent_optional_input_is_none() -> None:
    node = use("FULLY_CONNECTED", (0, 1, -1), (3,), FusedActivationFunction=0)
    assert imported(with_main(dense(), operators=(node,))).nodes[0].inputs == ("x", "w", None)


def test_one_zero_point_serves_all_channels() -> None:
    quant = QuantRecord(np.array([0.25, 0.125], np.float32), np.array([0]), 0, "NONE")
    assert imported(with_tensor(dense(), 1, quant=quant)).values["w"] == W


def test_open_batch_is_one() -> None:
    assert imported(with_tensor(dense(), 0, shape_signature=(-1, 4))).values["x"].shape == (1, 4)


@pytest.mark.parametrize("count", [8, 7])
def test_int4_weights_are_unpacked_as_litert_does(count: int) -> None:
    weights = np.array([-8, 7, 1, -1, 0, 5, -6, 3][:count], np.int8)
    padded = np.resize(weights, 8) & 0xF
    packed = (padded[0::2] | padded[1::2] << 4).astype(np.uint8)
    shape = (2, count // 2) if count % 2 == 0 else (1, count)
    quant = QuantRecord(np.array([0.5], np.float32), np.array([0]), 0, "NONE")
    model = with_tensor(dense(), 1, type="INT4", shape=shape, data=packed, quant=quant)
    model = with_tensor(with_tensor(model, 0, shape=(1, shape[1])), 3, shape=(1, shape[0]))
    data = np.zeros(shape[0], np.int32).view(np.uint8)
    bias = QuantRecord(np.array([0.25], np.float32), np.array([0]), 0, "NONE")
    model = with_tensor(model, 2, shape=(shape[0],), data=data, quant=bias)
    graph = imported(model)
    assert np.array_equal(graph.constants["w"], weights.reshape(shape))
    inputs = [np.arange(shape[1], dtype=np.int8).reshape(1, -1) * 9]
    with LiteRT(write_records(model)) as litert:
        assert np.array_equal(litert.run(inputs)[0], Interpreter(graph).run(inputs)[0])


def test_float16_constants_behind_dequantize_become_float32() -> None:
    halves = np.array([[0.1, -65504, 6e-8, np.inf]], np.float16)
    half = replace(tensor_record("half", FLOATS), type="FLOAT16", data=halves.view(np.uint8).reshape(-1))
    tensors = (tensor_record("x", FLOATS), half, tensor_record("full", FLOATS), tensor_record("y", FLOATS))
    nodes = (use("DEQUANTIZE", (1,), (2,)), use("ADD", (0, 2), (3,), FusedActivationFunction=0))
    model = ModelRecord((SubgraphRecord(tensors, (0,), (3,), nodes),))
    graph = imported(model)
    assert [node.op for node in graph.nodes] == ["ADD"]
    assert np.array_equal(graph.constants["full"], halves.astype(np.float32))
    inputs = [np.ones((1, 4), np.float32)]
    with LiteRT(write_records(model)) as litert:
        assert np.array_equal(litert.run(inputs)[0], Interpreter(graph).run(inputs)[0])


SHARED = {
    "ad_float": 10,
    "ad_int8": 10,
    "hello_world_float": 3,
    "hello_world_int8": 3,
    "ic_float": 16,
    "ic_int8": 16,
    "keyword_scrambled_int8": 15,
    "kws_int8": 13,
    "mnist_lstm_int8": 4,
    "sww_int8": 11,
    "vww_float": 31,
    "vww_int8": 31,
}


@pytest.mark.parametrize("name", SHARED)
def test_reference_model(name: str, shared_model: Callable[[str], Path]) -> None:
    graph = load(shared_model(f"{name}.tflite"))
    assert len(graph.nodes) == SHARED[name]
    check(verify(graph))


@pytest.mark.parametrize("name", sorted(set(SHARED) - {"keyword_scrambled_int8"}))
def test_written_again_it_gives_the_same_outputs(name: str, shared_model: Callable[[str], Path]) -> None:
    """LiteRT runs the original, the file of the same records, and the file written from the graph."""
    path = shared_model(f"{name}.tflite")
    original = path.read_bytes()
    files = [original, write_records(read(original)), write(load(path))]
    results = []
    with LiteRTWorker() as worker:
        for data in files:
            random = np.random.default_rng(0)
            litert = LiteRT(data, worker=worker)
            inputs = [[sample(random, item.dtype, item.shape) for item in litert.inputs] for _ in range(3)]
            results.append([litert.run(item) for item in inputs])
    for other in results[1:]:
        for expected, found in zip(results[0], other, strict=True):
            assert all(np.array_equal(left, right) for left, right in zip(expected, found, strict=True))


def sample(random: np.random.Generator, dtype: np.dtype[Any], shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """Random data of an input's type."""
    if dtype.kind == "f":
        return random.normal(size=shape).astype(dtype)
    return random.integers(-128, 128, shape).astype(dtype)
