# SPDX-License-Identifier: Apache-2.0
"""Files that the TFLite importer refuses: which error, which words, which place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.importers.small_models import dense, imported, use, with_main, with_operator, with_tensor

from milliwatt.errors import ModelError, UnsupportedError
from milliwatt.importers import importers, load
from milliwatt.importers.request import Request
from milliwatt.importers.tflite.records import ModelRecord, OptionsRecord, QuantRecord
from milliwatt.testing.tflite_writer import write_records

PLACE = 'node 0: FULLY_CONNECTED "y"'


def quant(
    scale: float = 0.5, zero_point: int = 0, *, count: int = 1, dimension: int = 0, details: str = "NONE"
) -> QuantRecord:
    """Quantisation parameters, one scale repeated."""
    scales, zero_points = np.full(count, scale, np.float32), np.full(count, zero_point, np.int64)
    return QuantRecord(scales, zero_points, dimension, details)


def custom(name: str) -> ModelRecord:
    """The dense model with a custom operator in place of its own."""
    return with_operator(dense(), op="CUSTOM", custom=name, options=None)


UNSUPPORTED: dict[str, tuple[ModelRecord, str]] = {
    "flex": (custom("FlexErf"), "SELECT_TF_OPS"),
    "detection": (custom("TFLite_Detection_PostProcess"), "before its post-processing"),
    "edge tpu": (custom("edgetpu-custom-op"), "edgetpu_compiler"),
    "vela": (custom("ethos-u"), "Vela"),
    "other custom": (custom("MyOp"), "custom operator MyOp"),
    "control flow": (with_operator(dense(), op="WHILE", options=None), "unroll"),
    "unknown builtin": (
        with_operator(dense(), op="RFFT2D", options=None),
        "operator RFFT2D is not supported",
    ),
    "operator of another meaning": (
        with_operator(dense(), op="LSTM", options=None),
        "TFLite's operator LSTM",
    ),
    "sparse": (with_tensor(dense(), 1, is_sparse=True), "stored sparse"),
    "float16": (with_tensor(dense(), 0, type="FLOAT16"), "full-integer quantisation"),
    "string": (with_tensor(dense(), 0, type="STRING"), "outside|out of the model"),
    "complex": (with_tensor(dense(), 0, type="COMPLEX64"), "unsupported element type COMPLEX64"),
    "computed int4": (with_tensor(dense(), 0, type="INT4"), "computed int4"),
    "other quantisation": (
        with_tensor(dense(), 0, quant=quant(details="CustomQuantization")),
        "scheme CustomQuantization",
    ),
    "dynamic": (with_tensor(dense(), 0, shape_signature=(1, -1)), "fixed input shape"),
    "types": (with_tensor(dense(), 3, type="INT16", quant=quant()), "does not support the types"),
    "no inputs": (with_operator(dense(), inputs=()), r"types \(\) →"),
    "unknown activation": (
        with_operator(
            dense(), options=OptionsRecord("FullyConnectedOptions", {"FusedActivationFunction": 77})
        ),
        "unknown value 77",
    ),
}

DAMAGED: dict[str, tuple[ModelRecord, str]] = {
    "no graph": (ModelRecord(()), "no graph"),
    "no outputs": (with_main(dense(), outputs=()), "no outputs"),
    "missing tensor": (with_operator(dense(), inputs=(0, 1, 9)), "tensor 9 does not exist"),
    "negative tensor": (with_operator(dense(), inputs=(0, 1, -2)), "tensor -2 does not exist"),
    "missing input": (with_main(dense(), inputs=(99,)), "tensor 99 does not exist"),
    "undefined value": (with_main(dense(), inputs=()), "nothing before it defines"),
    "defined twice": (with_main(dense(), inputs=(0, 3)), "a second time"),
    "constant output": (with_operator(dense(), outputs=(2,)), "a second time|never defined"),
    "few bytes": (with_tensor(dense(), 1, data=np.zeros(7, np.uint8)), "holds 7 bytes"),
    "many bytes": (with_tensor(dense(), 1, data=np.zeros(9, np.uint8)), "holds 9 bytes"),
    "zero extent": (with_tensor(dense(), 0, shape=(1, 0)), "impossible shape"),
    "negative extent": (with_tensor(dense(), 0, shape=(1, -4)), "impossible shape"),
    "many dimensions": (with_tensor(dense(), 0, shape=(1,) * 9), "impossible shape"),
    "huge": (with_tensor(dense(), 0, shape=(2**31 - 1,) * 8), "256 MiB"),
    "zero scale": (with_tensor(dense(), 0, quant=quant(0.0)), "not positive"),
    "infinite scale": (with_tensor(dense(), 0, quant=quant(float("inf"))), "finite"),
    "zero point": (with_tensor(dense(), 0, quant=quant(0.5, 128)), "zero point outside"),
    "wide zero point": (with_tensor(dense(), 0, quant=quant(0.5, 2**40)), "zero point outside"),
    "scales": (with_tensor(dense(), 1, quant=quant(count=3)), "3 scales"),
    "axis": (with_tensor(dense(), 1, quant=quant(count=2, dimension=2)), "axis 2"),
    "zero points": (
        with_tensor(dense(), 1, quant=replace(quant(count=2), zero_point=np.zeros(3, np.int64))),
        "2 scales but 3 zero points",
    ),
    "no zero points": (
        with_tensor(dense(), 1, quant=replace(quant(count=2), zero_point=np.zeros(0, np.int64))),
        "2 scales but 0 zero points",
    ),
    "shape": (with_tensor(dense(), 3, shape=(1, 3)), "its inputs give"),
    "another operator's options": (
        with_operator(dense(), options=OptionsRecord("Conv2DOptions", {})),
        "Conv2DOptions instead of FullyConnectedOptions",
    ),
    "not a variable": (
        with_main(dense(), operators=(use("SVDF", (0, 1, 1, 2, 3), (3,), Rank=1),), inputs=(0,)),
        "not marked as a variable",
    ),
}


@pytest.mark.parametrize("case", UNSUPPORTED)
def test_unsupported(case: str) -> None:
    model, text = UNSUPPORTED[case]
    with pytest.raises(UnsupportedError, match=text):
        imported(model)


@pytest.mark.parametrize("case", DAMAGED)
def test_damaged(case: str) -> None:
    model, text = DAMAGED[case]
    with pytest.raises(ModelError, match=text):
        imported(model)


@pytest.mark.parametrize("case", ["types", "float16", "sparse"])
def test_the_place_is_named(case: str) -> None:
    with pytest.raises(UnsupportedError) as caught:
        imported(UNSUPPORTED[case][0])
    assert caught.value.where == (PLACE if case != "float16" else "graph inputs")


def test_the_version_of_a_refused_operator_is_told() -> None:
    model = with_operator(UNSUPPORTED["types"][0], version=9)
    with pytest.raises(UnsupportedError, match="version 9 of FULLY_CONNECTED"):
        imported(model)


def test_hybrid_model_is_told_what_to_do(shared_model: Callable[[str], Path]) -> None:
    with pytest.raises(UnsupportedError, match="representative_dataset") as caught:
        load(shared_model("kws_hybrid.tflite"))
    assert caught.value.where.startswith("node 0: CONV_2D")


WRONG_FILES = {
    "empty": b"",
    "short": b"abc",
    "text": b"this is not a model at all, whatever it says",
    "identifier only": b"\0\0\0\0TFL3",
    "zeros behind the identifier": b"\x08\0\0\0TFL3" + bytes(100),
    "ones": b"\xff\xff\xff\xffTFL3" + b"\xff" * 100,
    "another identifier": write_records(dense()).replace(b"TFL3", b"TFL4"),
    "half": write_records(dense())[:200],
}


@pytest.mark.parametrize("case", WRONG_FILES)
def test_what_is_no_model(case: str) -> None:
    with pytest.raises(ModelError):
        importers()[".tflite"](WRONG_FILES[case], "model", Request())


@pytest.mark.parametrize("length", range(0, len(write_records(dense())), 7))
def test_every_prefix(length: int) -> None:
    """A file cut anywhere is an error, or whole: trailing bytes may be padding."""
    data = write_records(dense())[:length]
    with pytest.raises((ModelError, UnsupportedError)):
        importers()[".tflite"](data, "model", Request())
