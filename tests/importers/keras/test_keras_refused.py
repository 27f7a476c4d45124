# SPDX-License-Identifier: Apache-2.0
"""Files that are damaged, hostile or beyond what is supported. Written with h5py alone, without Keras."""

from __future__ import annotations

import contextlib
import io
import json
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

h5py: Any = pytest.importorskip("h5py", reason="h5py is not installed (the extra keras)")

from milliwatt.errors import MilliwattError, ModelError, UnsupportedError, UsageError  # noqa: E402
from milliwatt.importers import ImportNotice, importers  # noqa: E402
from milliwatt.importers.keras.archive import Archive, NamedWeights, parsed  # noqa: E402
from milliwatt.importers.keras.hdf5 import read_hdf5  # noqa: E402
from milliwatt.importers.keras.network import translate  # noqa: E402
from milliwatt.importers.request import Request  # noqa: E402
from milliwatt.ir import Graph  # noqa: E402


def entry(kind: str, name: str, before: str | None, **config: Any) -> dict[str, Any]:
    """A layer as Keras 2 writes it."""
    nodes = [] if before is None else [[[before, 0, 0, {}]]]
    return {"class_name": kind, "config": {"name": name, **config}, "name": name, "inbound_nodes": nodes}


def functional(*layers: dict[str, Any], output: str | None = None) -> dict[str, Any]:
    """A model of a chain of layers."""
    config = {
        "name": "model",
        "layers": list(layers),
        "input_layers": [[layers[0]["name"], 0, 0]],
        "output_layers": [[output or layers[-1]["name"], 0, 0]],
    }
    return {"class_name": "Functional", "config": config}


INPUT = entry("InputLayer", "x", None, batch_input_shape=[None, 4], dtype="float32")
DENSE = entry("Dense", "dense", "x", units=3, activation="relu", use_bias=True)


def h5(model: Any, arrays: dict[str, Any] | None = None) -> bytes:
    """The bytes of an .h5 file."""
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file.attrs["model_config"] = json.dumps(model)
        file.attrs["keras_version"] = "2.11.0"
        group = file.create_group("model_weights/dense")
        found = {"dense/kernel:0": np.ones((4, 3)), "dense/bias:0": np.zeros(3)} if arrays is None else arrays
        group.attrs["weight_names"] = [name.encode() for name in found]
        for name, array in found.items():
            group.create_dataset(name, data=np.asarray(array, np.float32))
    return stream.getvalue()


def imported(data: bytes, request: Request | None = None, suffix: str = ".h5") -> Graph:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImportNotice)
        return importers()[suffix](data, "model", request or Request())


def test_a_small_model_needs_no_keras() -> None:
    graph = imported(h5(functional(INPUT, DENSE)))
    assert [node.op for node in graph.nodes] == ["FULLY_CONNECTED", "RELU"]
    assert graph.outputs == ("dense",)
    assert graph.nodes[0].source == 'Dense "dense"'


OPEN = entry("InputLayer", "x", None, batch_input_shape=[None, None, 4], dtype="float32")
LINE = entry("InputLayer", "x", None, batch_input_shape=[1, 8, 4], dtype="float32")
UNSUPPORTED = {
    "a class of the user's": ({"class_name": "Mine", "config": {}}, "model of class Mine"),
    "an unknown layer": (functional(INPUT, entry("Mine", "m", "x")), "the layer Mine"),
    "an unknown activation": (
        functional(INPUT, {**DENSE, "config": {**DENSE["config"], "activation": "mine"}}),
        "the activation mine",
    ),
    "half precision": (
        functional(INPUT, {**DENSE, "config": {**DENSE["config"], "dtype": "float16"}}),
        "type float16",
    ),
    "groups": (functional(LINE, entry("Conv1D", "dense", "x", groups=2, kernel_size=[3])), "in groups"),
}
DAMAGED = {
    "no layers": {"class_name": "Functional", "config": {}},
    "a circle": functional(INPUT, entry("Dense", "dense", "other"), entry("Dense", "other", "dense")),
    "an output that is missing": functional(INPUT, DENSE, output="absent"),
    "a broken connection": functional(INPUT, {**DENSE, "inbound_nodes": [[["x", -1, 0]]]}),
    "calls that are no list": functional(INPUT, {**DENSE, "inbound_nodes": 7}),
    "a wrong number": functional(INPUT, entry("LeakyReLU", "dense", "x", alpha="steep")),
}


@pytest.mark.parametrize("case", UNSUPPORTED)
def test_what_is_not_supported_is_named(case: str) -> None:
    model, message = UNSUPPORTED[case]
    with pytest.raises(UnsupportedError, match=message):
        imported(h5(model))


@pytest.mark.parametrize("case", DAMAGED)
def test_damaged_configurations(case: str) -> None:
    with pytest.raises(ModelError):
        imported(h5(DAMAGED[case]))


def test_weights_that_do_not_fit() -> None:
    wrong = {"dense/kernel:0": np.ones((5, 3)), "dense/bias:0": np.zeros(3)}
    with pytest.raises(MilliwattError):
        imported(h5(functional(INPUT, DENSE), wrong))
    with pytest.raises(ModelError, match="weight 0"):
        imported(h5(functional(INPUT, DENSE), {}))


def test_open_shapes_are_asked_for() -> None:
    model = h5(functional(OPEN, DENSE))
    with pytest.raises(UsageError, match="leaves open") as raised:
        imported(model)
    assert raised.value.hint.startswith("--input-shape 1xNx4, ")
    assert imported(model, Request({"x": (1, 9, 4)})).values["x"].shape == (1, 9, 4)
    assert imported(model, Request({"": (1, 9, 4)})).values["x"].shape == (1, 9, 4)
    with pytest.raises(UsageError, match="does not fit"):
        imported(model, Request({"x": (1, 9, 5)}))
    with pytest.raises(UsageError, match="no input y"):
        imported(model, Request({"x": (1, 9, 4), "y": (1,)}))


@pytest.mark.parametrize("trap", ["link", "external"])
def test_nothing_outside_of_the_file_is_read(trap: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["kernel"] = np.ones((4, 3), np.float32)
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file.attrs["model_config"] = json.dumps(functional(INPUT, DENSE))
        if trap == "link":
            file["model_weights"] = h5py.ExternalLink(str(secret), "/")
        else:
            file.create_dataset("kernel", (12,), np.float32, external=[(str(secret), 0, 48)])
    with pytest.raises(ModelError, match=r"another (place|file)"):
        imported(stream.getvalue())


@pytest.mark.parametrize("suffix", [".h5", ".keras"])
def test_other_files(suffix: str) -> None:
    for data in (b"", b"PK", b"PK\x03\x04" + bytes(40), bytes(100), b"\x89HDF\r\n\x1a\n" + bytes(200)):
        with pytest.raises(ModelError):
            imported(data, suffix=suffix)


def test_weights_alone_are_no_model() -> None:
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file["dense"] = np.ones(3)
    with pytest.raises(UnsupportedError, match="weights alone"):
        imported(stream.getvalue())


def archive(config: bytes, weights: bytes) -> bytes:
    """A .keras archive."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr("metadata.json", json.dumps({"keras_version": "3.1.0"}))
        file.writestr("config.json", config)
        file.writestr("model.weights.h5", weights)
    return stream.getvalue()


def test_archives() -> None:
    empty = h5(functional(INPUT, DENSE), {})
    with pytest.raises(ModelError, match="configuration is damaged"):
        imported(archive(b"{", empty))
    with pytest.raises(ModelError, match="no object"):
        imported(archive(b"[]", empty))
    with pytest.raises(ModelError):
        imported(archive(b"[" * 100_000, empty))
    with pytest.raises(ModelError, match="no HDF5 file"):
        imported(archive(json.dumps(functional(INPUT, DENSE)).encode(), b"x"))


def damaged(random: np.random.Generator, data: bytes) -> bytes:
    """Some bytes changed, or the end cut off."""
    content = bytearray(data)
    for _ in range(int(random.integers(1, 8))):
        content[int(random.integers(len(content)))] = int(random.integers(256))
    return bytes(content[: int(random.integers(1, len(content)))] if random.random() < 0.2 else content)


@pytest.mark.parametrize("count", [pytest.param(12), pytest.param(2000, marks=pytest.mark.long)])
def test_any_bytes_are_a_graph_or_our_error(count: int) -> None:
    random = np.random.default_rng(count)
    model = h5(functional(INPUT, DENSE))
    for _ in range(count):
        with contextlib.suppress(MilliwattError):
            imported(damaged(random, model))


@pytest.mark.parametrize("count", [pytest.param(300), pytest.param(20_000, marks=pytest.mark.long)])
def test_any_configuration_is_a_graph_or_our_error(count: int) -> None:
    """Changed configurations with the same weights, without a process each."""
    weights = NamedWeights(read_hdf5(h5(functional(INPUT, DENSE))))
    random = np.random.default_rng(count)
    text = json.dumps(functional(LINE, entry("LSTM", "dense", "x", units=3))).encode()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImportNotice)
        for _ in range(count):
            with contextlib.suppress(MilliwattError):
                translate(Archive(parsed(damaged(random, text)), weights, 2), "model", Request())
