# SPDX-License-Identifier: Apache-2.0
"""ONNX files: shapes, names, constants, control flow, and what is refused."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tests.importers.onnx_models import FLOAT, floats, imported, model, node, results, runtime, same

from milliwatt.errors import ModelError, UnsupportedError, UsageError
from milliwatt.importers import ImportNotice
from milliwatt.importers.request import Request
from milliwatt.ir import DType

RELU = model([node("Relu", "x", "y")], inputs={"x": (1, 4)}, outputs=["y"])


def test_tensors_keep_their_names_and_nodes_their_place() -> None:
    graph = imported(RELU)
    assert (graph.inputs, graph.outputs) == (("x",), ("y",))
    assert graph.nodes[0].source == 'node 0: Relu "y"'


def test_an_open_batch_becomes_one_with_a_notice() -> None:
    data = model([node("Relu", "x", "y")], inputs={"x": ("batch", 4)}, outputs=["y"])
    with pytest.warns(ImportNotice, match="batch is fixed to 1"):
        assert imported(data).values["x"].shape == (1, 4)


def test_other_open_extents_are_asked_for() -> None:
    data = model([node("Relu", "x", "y")], inputs={"x": (1, "width")}, outputs=["y"])
    with pytest.raises(UnsupportedError, match="dynamic shape") as caught:
        imported(data)
    assert "--input-shape" in caught.value.hint
    assert imported(data, Request({"x": (1, 7)})).values["y"].shape == (1, 7)


@pytest.mark.parametrize(
    ("shapes", "words"), [({"x": (1, 5)}, "does not fit"), ({"z": (1, 4)}, 'no input "z"')]
)
def test_shapes_that_do_not_fit_are_refused(shapes: dict[str, tuple[int, ...]], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        imported(RELU, Request(shapes))


def test_shape_arithmetic_is_folded() -> None:
    """What PyTorch's exporter writes for x.view(x.shape[0], -1)."""
    nodes = [
        node("Shape", "x", "shape"),
        node("Gather", "shape zero", "batch", axis=0),
        node("Unsqueeze", "batch axes", "row"),
        node("Concat", "row rest", "target", axis=0),
        node("Reshape", "x target", "y"),
    ]
    constants = {"zero": np.array(0), "axes": np.array([0]), "rest": np.array([-1])}
    data = model(nodes, inputs={"x": (2, 3, 4)}, outputs=["y"], constants=constants)
    assert [item.op for item in same(data, floats(2, 3, 4)).nodes] == ["RESHAPE"]


def test_an_output_that_is_an_input_or_a_constant_is_copied() -> None:
    nodes = [node("Identity", "x", "same"), node("Identity", "w", "fixed"), node("Relu", "x", "y")]
    data = model(
        nodes, inputs={"x": (1, 3)}, outputs=["same", "fixed", "y", "y"][:3], constants={"w": floats(2)}
    )
    graph = same(data, floats(1, 3))
    assert graph.outputs == ("same", "fixed", "y")


def test_a_known_condition_takes_its_branch() -> None:
    branches = [
        helper.make_graph([node(op, "x", name)], name, [], [helper.make_tensor_value_info(name, FLOAT, None)])
        for op, name in (("Relu", "then"), ("Neg", "other"))
    ]
    choice = helper.make_node("If", ["c"], ["y"], then_branch=branches[0], else_branch=branches[1])
    data = model([choice], inputs={"x": (1, 3)}, outputs=["y"], constants={"c": np.array(False)})
    assert [item.op for item in same(data, floats(1, 3)).nodes] == ["NEG", "RESHAPE"]


def test_functions_of_the_file_are_inlined() -> None:
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("mine", 1)]
    inner = [node("Neg", "a", "t"), helper.make_node("LeakyRelu", ["t"], ["b"])]
    reference = inner[1].attribute.add()
    reference.name, reference.ref_attr_name, reference.type = "alpha", "slope", onnx.AttributeProto.FLOAT
    function = helper.make_function("mine", "Twist", ["a"], ["b"], inner, opsets, ["slope"])
    graph = helper.make_graph(
        [
            helper.make_node("Twist", [source], [target], domain="mine", slope=0.25)
            for source, target in ("xm", "my")
        ],
        "graph",
        [helper.make_tensor_value_info("x", FLOAT, (1, 3))],
        [helper.make_tensor_value_info("y", FLOAT, None)],
    )
    whole = helper.make_model(graph, functions=[function], opset_imports=opsets, ir_version=8)
    same(whole.SerializeToString(), floats(1, 3))


def test_wider_and_narrower_floats_become_float32() -> None:
    data = model(
        [node("Mul", "x w", "y")],
        inputs={"x": (1, 3)},
        outputs=["y"],
        constants={"w": np.array([1.5, 2, 3], np.float16)},
        kinds={"x": TensorProto.FLOAT16, "y": TensorProto.FLOAT16},
    )
    with pytest.warns(ImportNotice, match="float16"):
        graph = imported(data)
    assert graph.values["x"].dtype is DType.FLOAT32
    for found in results(graph, [np.ones((1, 3), np.float32)]):
        np.testing.assert_array_equal(found[0], [[1.5, 2, 3]])


def _external() -> bytes:
    whole = onnx.load_from_string(
        model([node("Add", "x w", "y")], inputs={"x": (1, 3)}, outputs=["y"], constants={"w": floats(3)})
    )
    tensor = whole.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "/etc/passwd"
    return bytes(whole.SerializeToString())


REFUSED: dict[str, tuple[bytes, type[Exception], str]] = {
    "no protobuf": (b"this is no model", ModelError, "not an ONNX file"),
    "nothing": (b"", ModelError, "holds no graph"),
    "external data": (_external(), UnsupportedError, "another file"),
    "an unknown operator": (
        model([node("NonMaxSuppression", "x x", "y")], inputs={"x": (1, 3)}, outputs=["y"]),
        UnsupportedError,
        "NonMaxSuppression is not supported",
    ),
    "an unknown domain": (
        model([helper.make_node("Relu", ["x"], ["y"], domain="theirs")], inputs={"x": (1, 3)}, outputs=["y"]),
        UnsupportedError,
        "Relu is not supported",
    ),
    "an old operator set": (
        model([node("Relu", "x", "y")], inputs={"x": (1, 3)}, outputs=["y"], opset=6),
        UnsupportedError,
        "operator set 6",
    ),
    "a cycle": (
        model([node("Add", "x z", "y"), node("Relu", "y", "z")], inputs={"x": (1, 3)}, outputs=["z"]),
        ModelError,
        "before it is made",
    ),
    "a huge constant": (
        model(
            [node("ConstantOfShape", "s", "w"), node("Add", "x w", "y")],
            inputs={"x": (1, 3)},
            outputs=["y"],
            constants={"s": np.array([1 << 20, 1 << 20])},
        ),
        UnsupportedError,
        "makes a constant",
    ),
    "a huge value": (
        model(
            [node("Expand", "x s", "y")],
            inputs={"x": (1, 3)},
            outputs=["y"],
            constants={"s": np.array([1 << 28, 3])},
        ),
        UnsupportedError,
        "256 MiB",
    ),
    "text": (
        model([node("Identity", "x", "y")], inputs={"x": (1,)}, outputs=["y"], kinds={"x": 8, "y": 8}),
        UnsupportedError,
        "STRING",
    ),
    "a tensor made twice": (
        model([node("Relu", "x", "y"), node("Neg", "x", "y")], inputs={"x": (1, 3)}, outputs=["y"]),
        ModelError,
        "made twice",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    data, error, words = REFUSED[name]
    with pytest.raises(error, match=words):
        imported(data)


def test_refusals_name_node_and_operator_set() -> None:
    data, error, _ = REFUSED["an unknown operator"]
    with pytest.raises(error) as caught:
        imported(data)
    assert getattr(caught.value, "where", "") == 'node 0: NonMaxSuppression "y" (ai.onnx opset 17)'


def test_a_constant_of_another_size_is_damage() -> None:
    whole = onnx.load_from_string(
        model([node("Add", "x w", "y")], inputs={"x": (1, 3)}, outputs=["y"], constants={"w": floats(3)})
    )
    tensor = numpy_helper.from_array(floats(3), "w")
    tensor.dims[0] = 4
    whole.graph.initializer[0].CopyFrom(tensor)
    with pytest.raises(ModelError, match="does not hold"):
        imported(whole.SerializeToString())


def test_operators_of_onnx_runtime_on_integers() -> None:
    """QLinearConv and QLinearAdd, per channel, become integer operators."""
    constants = {
        "s": np.float32(0.05),
        "z": np.uint8(120),
        "t": np.float32(0.1),
        # ONNX Runtime saturates sums of uint8 times int8 on processors without VNNI: weights of 7 bits do not.
        "w": np.random.default_rng(0).integers(-63, 64, (4, 3, 3, 3)).astype(np.int8),
        "ws": np.array([0.01, 0.02, 0.03, 0.015], np.float32),
        "wz": np.zeros(4, np.int8),
        "b": np.array([100, -200, 300, 7], np.int32),
    }
    constants["w2"] = np.ascontiguousarray(np.asarray(constants["w"])[::-1])
    nodes = [
        node("QuantizeLinear", "x s z", "q"),
        node("QLinearConv", "q s z w ws wz t z b", "c"),
        node("QLinearConv", "q s z w2 ws wz t z b", "d"),
        helper.make_node(
            "QLinearAdd", ["c", "t", "z", "d", "t", "z", "t", "z"], ["a"], domain="com.microsoft"
        ),
        node("DequantizeLinear", "a t z", "y"),
    ]
    data = model(nodes, inputs={"x": (1, 3, 6, 6)}, outputs=["y"], constants=constants)
    graph = imported(data)
    assert {"CONV_2D", "ADD"} <= {item.op for item in graph.nodes}
    assert not {item.op for item in graph.nodes} & {"MUL", "SUB"}
    (expected,) = runtime(data, [floats(1, 3, 6, 6)], exact=True)
    for (found,) in results(graph, [floats(1, 3, 6, 6)]):
        assert np.abs(found - expected).max() <= 0.21


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_quant_of_any_number_of_bits(bits: int) -> None:
    """QONNX: weights and data on a grid; the meaning is written out here."""
    grid = helper.make_node(
        "Quant", ["w", "ws", "z", "n"], ["v"], domain="qonnx.custom_op.general", signed=1, narrow=1
    )
    data_grid = helper.make_node(
        "Quant", ["x", "s", "z", "n"], ["q"], domain="qonnx.custom_op.general", signed=0
    )
    end = helper.make_node("Quant", ["c", "t", "z", "m"], ["y"], domain="qonnx.custom_op.general", signed=1)
    weights, scales = (
        floats(4, 3, 3, 3, seed=3),
        np.array([0.3, 0.2, 0.25, 0.4], np.float32).reshape(4, 1, 1, 1),
    )
    constants = {
        "w": weights,
        "ws": scales,
        "z": np.float32(0),
        "s": np.float32(0.1),
        "t": np.float32(0.2),
        "n": np.float32(bits),
        "m": np.float32(8),
    }
    nodes = [grid, data_grid, node("Conv", "q v", "c"), end]
    graph = imported(model(nodes, inputs={"x": (1, 3, 6, 6)}, outputs=["y"], constants=constants))
    image, most = floats(1, 3, 6, 6), 2 ** (bits - 1) - 1
    plain = model(
        [node("Conv", "x v", "c")],
        inputs={"x": (1, 3, 6, 6)},
        outputs=["c"],
        constants={"v": (np.clip(np.rint(weights / scales), -most, most) * scales).astype(np.float32)},
    )
    (real,) = runtime(
        plain, [(np.clip(np.rint(image / np.float32(0.1)), 0, 2**bits - 1) * 0.1).astype(np.float32)]
    )
    expected = np.clip(np.rint(real / 0.2), -128, 127) * 0.2
    for (found,) in results(graph, [image]):
        assert np.abs(found - expected).max() <= 0.21
        assert (np.abs(found - expected) > 0.01).mean() < 0.1
    assert (
        graph.values[next(item for item in graph.nodes if item.op == "CONV_2D").outputs[0]].dtype
        is DType.INT8
    )
