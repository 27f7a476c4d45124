# SPDX-License-Identifier: Apache-2.0
"""Every supported layer, in both file formats, against Keras itself."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed (the extra train)")
keras: Any = pytest.importorskip("keras", reason="Keras is not installed (the extra dev)")

from milliwatt.importers import ImportNotice  # noqa: E402
from milliwatt.ir import Graph  # noqa: E402
from milliwatt.ops.interpret import Interpreter  # noqa: E402
from milliwatt.passes import optimise  # noqa: E402
from milliwatt.pipeline import Options, compile_graph, load  # noqa: E402
from milliwatt.runners import runner_for  # noqa: E402
from milliwatt.targets import board  # noqa: E402

Array = npt.NDArray[Any]
layers = keras.layers

LINE, IMAGE, ROW = (12, 5), (9, 10, 4), (7,)
CASES: dict[str, tuple[tuple[int, ...], Callable[[], Sequence[Any]]]] = {
    "conv_1d": (LINE, lambda: [layers.Conv1D(6, 3, strides=2, padding="same", activation="relu")]),
    "conv_1d_causal": (LINE, lambda: [layers.Conv1D(6, 3, padding="causal", dilation_rate=2)]),
    "conv_2d": (IMAGE, lambda: [layers.Conv2D(5, (3, 2), strides=(2, 1), use_bias=False)]),
    "conv_2d_same": (IMAGE, lambda: [layers.Conv2D(5, 3, padding="same", activation="tanh")]),
    "conv_2d_dilated": (IMAGE, lambda: [layers.Conv2D(5, 3, dilation_rate=2)]),
    "depthwise_1d": (LINE, lambda: [layers.DepthwiseConv1D(3, padding="same")]),
    "depthwise_2d": (IMAGE, lambda: [layers.DepthwiseConv2D(3, depth_multiplier=2, strides=2)]),
    "separable_1d": (LINE, lambda: [layers.SeparableConv1D(6, 3, activation="relu")]),
    "separable_2d": (IMAGE, lambda: [layers.SeparableConv2D(6, 3, padding="same", depth_multiplier=2)]),
    "transposed_2d": (IMAGE, lambda: [layers.Conv2DTranspose(3, 3, strides=2, padding="valid")]),
    "transposed_1d": (LINE, lambda: [layers.Conv1DTranspose(3, 4, strides=2, padding="valid")]),
    "dense": (ROW, lambda: [layers.Dense(6, activation="softmax")]),
    "dense_on_rows": (LINE, lambda: [layers.Dense(6, activation="sigmoid")]),
    "batch_normalisation": (IMAGE, lambda: [layers.BatchNormalization(), layers.ReLU()]),
    "batch_normalisation_bare": (ROW, lambda: [layers.BatchNormalization(center=False, scale=False)]),
    "layer_normalisation": (LINE, lambda: [layers.LayerNormalization()]),
    "rescaling": (ROW, lambda: [layers.Rescaling(0.5, offset=-1.0)]),
    "normalization": (ROW, lambda: [layers.Normalization(mean=[0.5] * 7, variance=[2.0] * 7)]),
    "max_pool_2d": (IMAGE, lambda: [layers.MaxPooling2D(2)]),
    "max_pool_1d": (LINE, lambda: [layers.MaxPooling1D(3, strides=2, padding="same")]),
    "average_pool_2d": (IMAGE, lambda: [layers.AveragePooling2D((3, 2), strides=1)]),
    "global_average": (IMAGE, lambda: [layers.GlobalAveragePooling2D()]),
    "global_max": (LINE, lambda: [layers.GlobalMaxPooling1D(keepdims=True)]),
    "flatten": (IMAGE, lambda: [layers.Flatten(), layers.Dense(3)]),
    "reshape": (IMAGE, lambda: [layers.Reshape((-1, 4)), layers.Permute((2, 1))]),
    "repeat": (ROW, lambda: [layers.RepeatVector(3)]),
    "zero_padding": (IMAGE, lambda: [layers.ZeroPadding2D(((1, 0), (2, 1)))]),
    "cropping": (LINE, lambda: [layers.Cropping1D((1, 2))]),
    "up_sampling": (IMAGE, lambda: [layers.UpSampling2D((2, 3))]),
    "up_sampling_bilinear": (IMAGE, lambda: [layers.UpSampling2D(2, interpolation="bilinear")]),
    "dropout": (ROW, lambda: [layers.Dropout(0.5), layers.GaussianNoise(1.0), layers.Dense(2)]),
    "lstm": (LINE, lambda: [layers.LSTM(6, return_sequences=True), layers.LSTM(4)]),
    "lstm_backwards": (LINE, lambda: [layers.LSTM(6, return_sequences=True, go_backwards=True)]),
    "gru": (LINE, lambda: [layers.GRU(6)]),
    "gru_reset_before": (LINE, lambda: [layers.GRU(6, reset_after=False, use_bias=False)]),
    "simple_rnn": (LINE, lambda: [layers.SimpleRNN(6, activation="relu")]),
    "bidirectional": (LINE, lambda: [layers.Bidirectional(layers.GRU(5, return_sequences=True))]),
    "bidirectional_sum": (LINE, lambda: [layers.Bidirectional(layers.LSTM(5), merge_mode="sum")]),
    "time_distributed": (LINE, lambda: [layers.TimeDistributed(layers.Dense(4, activation="relu"))]),
    "leaky": (ROW, lambda: [layers.LeakyReLU(negative_slope=0.1), layers.PReLU(alpha_initializer="ones")]),
    "relu_limited": (ROW, lambda: [layers.ReLU(max_value=1.5), layers.ELU(), layers.Softmax()]),
    **{
        f"activation_{name}": (ROW, lambda name=name: [layers.Activation(name)])
        for name in (
            *("relu", "relu6", "sigmoid", "tanh", "softmax", "elu", "gelu", "silu", "softplus", "softsign"),
            *("hard_sigmoid", "hard_silu", "leaky_relu", "exponential", "log_softmax", "linear"),
        )
    },
}


def randomised(model: Any, *, positive: bool = False) -> Any:
    """The model with random weights; positive ones where variances are among them."""
    random = np.random.default_rng(3)
    weights = [random.normal(0.0, 0.4, array.shape) for array in model.get_weights()]
    model.set_weights([np.abs(array) for array in weights] if positive else weights)
    return model


def sequential(name: str) -> Any:
    """The small model of a case."""
    shape, make = CASES[name]
    model = keras.Sequential([keras.Input(shape), *make()])
    return model if name == "normalization" else randomised(model, positive=name.startswith("batch"))


def saved(model: Any, folder: Path, suffix: str) -> Graph:
    """The graph of a model that was saved and read."""
    path = folder / f"model{suffix}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save(path)
        return load(path)


def inputs_of(graph: Graph) -> list[Array]:
    """Random inputs."""
    random = np.random.default_rng(7)
    kinds = [graph.values[name] for name in graph.inputs]
    return [
        random.normal(size=kind.shape).astype(np.float32)
        if kind.dtype.value == "float32"
        else random.integers(0, 5, kind.shape).astype(kind.dtype.numpy)
        for kind in kinds
    ]


def agrees(model: Any, graph: Graph) -> None:
    """The meaning, also behind the passes, gives what Keras gives."""
    inputs = inputs_of(graph)
    expected = model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0)
    expected = expected if isinstance(expected, list) else [expected]
    for form in (graph, optimise(graph)):
        for found, wanted in zip(Interpreter(form).run(inputs), expected, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("name", CASES)
def test_layers(name: str, suffix: str, tmp_path: Path) -> None:
    model = sequential(name)
    agrees(model, saved(model, tmp_path, suffix))


def branches() -> Any:
    """Two inputs, a layer that is called twice, a model in a model."""
    inner = keras.Sequential(
        [keras.Input((6,)), layers.Dense(5, activation="relu"), layers.Dense(6)], name="inner"
    )
    left, right = keras.Input((6,), name="left"), keras.Input((6,), name="right")
    shared = layers.Dense(6, activation="tanh", name="shared")
    a, b = shared(inner(left)), shared(right)
    merged = [layers.Add()([a, b]), layers.Multiply()([a, b]), layers.Subtract()([a, b])]
    merged += [layers.Maximum()([a, b]), layers.Minimum()([a, b]), layers.Average()([a, b, left])]
    joined = layers.Concatenate()(merged)
    outputs = [layers.Dense(3, name="first")(joined), layers.Dense(2, name="second")(joined)]
    return keras.Model([left, right], outputs)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_functional_models(suffix: str, tmp_path: Path) -> None:
    model = randomised(branches())
    graph = saved(model, tmp_path, suffix)
    assert graph.inputs == ("left", "right")
    assert graph.outputs == ("first", "second")
    agrees(model, graph)


def test_embeddings_and_live_models() -> None:
    model = randomised(
        keras.Sequential([keras.Input((6,), dtype="int32"), layers.Embedding(5, 4), layers.LSTM(3)])
    )
    with pytest.warns(ImportNotice, match="the batch of input"):
        agrees(model, load(model))


def test_c_gives_what_keras_gives() -> None:
    data = keras.Input((8, 8, 3))
    first = layers.Conv2D(4, 3, padding="same", activation="relu")(data)
    second = layers.Add()([first, layers.DepthwiseConv2D(3, padding="same")(first)])
    scores = layers.Dense(3, activation="softmax")(layers.Flatten()(second))
    model = randomised(keras.Model(data, scores))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImportNotice)
        graph = load(model)
    inputs = inputs_of(graph)
    build = compile_graph(graph, Options(board=board("nucleo-l4r5zi")))
    for runner in ("host", "emulator"):
        found = runner_for(build, runner).run(inputs)
        np.testing.assert_allclose(found[0], model.predict(inputs[0], verbose=0), rtol=1e-4, atol=1e-5)


class Depthwise(layers.DepthwiseConv2D):  # type: ignore[misc]
    """Keras 2 wrote an argument that Keras 3 does not know."""

    def __init__(self, *arguments: Any, groups: int = 1, **options: Any) -> None:
        assert groups == 1
        super().__init__(*arguments, **options)


@pytest.mark.parametrize("name", ["ic_float", "sww_float"])
def test_trained_models(name: str, shared_model: Callable[[str], Path]) -> None:
    path = shared_model(f"{name}.h5")
    model = keras.models.load_model(path, compile=False, custom_objects={"DepthwiseConv2D": Depthwise})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImportNotice)
        agrees(model, load(path))
