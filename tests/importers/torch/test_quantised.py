# SPDX-License-Identifier: Apache-2.0
"""Models quantised by PT2E become integer operators, with PyTorch's results but for single steps."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (the extra train)")
pt2e = pytest.importorskip("torchao.quantization.pt2e", reason="torchao, which quantises, is not installed")

from tests.importers.torch.agreement import host, random, seeded  # noqa: E402
from torch import nn  # noqa: E402
from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e  # noqa: E402
from torchao.quantization.pt2e.quantizer import (  # noqa: E402
    QuantizationAnnotation,
    QuantizationSpec,
    Quantizer,
    SharedQuantizationSpec,
)

from milliwatt.importers.request import Request  # noqa: E402
from milliwatt.importers.torch import from_program, load  # noqa: E402
from milliwatt.importers.torch.program import functional  # noqa: E402
from milliwatt.importers.torch.translate import translate  # noqa: E402
from milliwatt.ir import DType, Graph  # noqa: E402
from milliwatt.measure.reference_torch import TorchReference  # noqa: E402
from milliwatt.ops.interpret import Interpreter  # noqa: E402
from milliwatt.pipeline import Options, compile_graph  # noqa: E402
from milliwatt.runners import runners_for  # noqa: E402
from milliwatt.targets import board  # noqa: E402
from milliwatt.verification import verify  # noqa: E402

aten = torch.ops.aten


def spec(observer: Any, *, low: int, scheme: Any, axis: int | None = None) -> Any:
    """int8 of a range up to 127."""
    return QuantizationSpec(
        dtype=torch.int8,
        observer_or_fake_quant_ctr=observer.with_args(eps=2**-12),
        quant_min=low,
        quant_max=127,
        qscheme=scheme,
        ch_axis=axis,
    )


DATA = spec(pt2e.MinMaxObserver, low=-128, scheme=torch.per_tensor_affine)
NARROW = spec(pt2e.MinMaxObserver, low=-127, scheme=torch.per_tensor_symmetric)
WEIGHTS = spec(pt2e.PerChannelMinMaxObserver, low=-127, scheme=torch.per_channel_symmetric, axis=0)


class Int8(Quantizer):
    """Convolutions and linear layers with the rectifier behind them, and pools on the scale of their data."""

    def __init__(self, data: Any) -> None:
        super().__init__()
        self.data = data

    def annotate(self, model: Any) -> Any:
        for node in model.graph.nodes:
            if node.target in (aten.conv2d.default, aten.linear.default):
                self._layer(node)
            elif node.target in (aten.max_pool2d.default, aten.adaptive_avg_pool2d.default):
                shared = SharedQuantizationSpec((node.args[0], node))
                self._set(node, {node.args[0]: self.data}, shared)
        return model

    def _layer(self, node: Any) -> None:
        users = list(node.users)
        rectified = len(users) == 1 and users[0].target == aten.relu.default
        self._set(node, {node.args[0]: self.data, node.args[1]: WEIGHTS}, None if rectified else self.data)
        if rectified:
            self._set(users[0], {}, self.data)

    def _set(self, node: Any, inputs: dict[Any, Any], output: Any) -> None:
        node.meta["quantization_annotation"] = QuantizationAnnotation(
            input_qspec_map=inputs, output_qspec=output, _annotated=True
        )

    def validate(self, model: Any) -> None:
        """Nothing to check."""


def network() -> Any:
    """Convolutions of two kinds, pools of two kinds, and a linear layer."""
    return seeded(
        lambda: nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(8, 8, 3, groups=8),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(8, 4),
        )
    )


def quantised(data: Any) -> tuple[Any, Any]:
    """The quantised module, and the program exported from it."""
    example = (random(1, 3, 12, 12),)
    prepared = prepare_pt2e(torch.export.export(network(), example).module(), Int8(data))
    for seed in range(4):
        prepared(random(1, 3, 12, 12, seed=seed))
    module = convert_pt2e(prepared)
    return module, torch.export.export(module, example)


def same(graph: Graph, runner: Any, module: Any) -> None:
    """The outputs are PyTorch's, but for single steps of the last scale."""
    scale = max(
        kind.quant.scalar[0] for kind in graph.values.values() if kind.quant and not kind.quant.per_channel
    )
    for seed in range(5, 8):
        image = random(1, 3, 12, 12, seed=seed)
        expected = module(image).detach().numpy()
        assert np.abs(expected - runner.run([image.numpy()])[0]).max() <= 2 * scale


@pytest.mark.parametrize("data", [DATA, NARROW], ids=["affine", "narrow and symmetric"])
def test_agrees_with_pytorch(data: Any) -> None:
    module, program = quantised(data)
    graph = from_program(program, "quantised")
    same(graph, Interpreter(graph), module)
    same(graph, host(graph), module)


def test_everything_between_input_and_output_is_integer() -> None:
    graph = from_program(quantised(DATA)[1], "quantised")
    first, *inner, last = [node for node in graph.nodes if node.op not in ("TRANSPOSE", "RESHAPE")]
    assert (first.op, last.op) == ("QUANTIZE", "DEQUANTIZE")
    assert {graph.values[node.outputs[0]].dtype for node in inner} == {DType.INT8}
    layers = {node.op: node for node in inner}
    for op, axis in (("CONV_2D", 0), ("DEPTHWISE_CONV_2D", 3), ("FULLY_CONNECTED", 0)):
        weights = graph.values[str(layers[op].inputs[1])]
        assert weights.quant is not None
        assert weights.quant.axis == axis


def test_verified_layer_by_layer() -> None:
    program = functional(quantised(DATA)[1])
    graph = translate(program, "quantised")
    build = compile_graph(graph, Options(board=board("host")))
    oracle = TorchReference(program, graph.outputs)
    result = verify(build, oracle=oracle, runners=runners_for(build, ["host"]), samples=5, seed=0)
    assert result.ok, result.first_difference


def test_saved_program() -> None:
    module, program = quantised(DATA)
    stream = io.BytesIO()
    torch.export.save(program, stream)
    graph = load(stream.getvalue(), "quantised", Request())
    same(graph, Interpreter(graph), module)
