# SPDX-License-Identifier: Apache-2.0
"""Arithmetic, functions, comparisons and selection, against PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (the extra train)")

from tests.importers.torch.agreement import (  # noqa: E402
    Calls,
    Together,
    agree,
    equal_within,
    host,
    random,
    same_results,
)
from torch.nn import functional as F  # noqa: E402, N812

from milliwatt.errors import UnsupportedError  # noqa: E402
from milliwatt.importers.torch import from_module  # noqa: E402

X, Y = random(1, 3, 4, 5), random(1, 3, 4, 5, seed=1)
POSITIVE = random(1, 3, 4, 5, seed=2).abs() + 0.1

CASES = {
    "sums": (
        lambda a, b: (a + b * 2, 1.5 - a, a - 0.5, torch.sub(a, b, alpha=2), torch.rsub(a, b, alpha=3)),
        X,
        Y,
    ),
    "products": (lambda a, b: (a * b, a / 3, a / (b.abs() + 1), 2 / (b.abs() + 1)), X, Y),
    "rounded quotients": (
        lambda a, b: [torch.div(a, b, rounding_mode=mode) for mode in ("floor", "trunc")] + [a // 1.5, a % b],
        X,
        POSITIVE,
    ),
    "powers": (
        lambda a: [a**exponent for exponent in (0.5, 1, 2, 3, 7, 1.7, -1, -2, -0.5)] + [2**a, 0.3**a],
        POSITIVE,
    ),
    "roots and logarithms": (
        lambda a: (
            a.exp(),
            a.log(),
            a.sqrt(),
            a.rsqrt(),
            a.reciprocal(),
            a.log1p(),
            a.log2(),
            a.log10(),
            a.expm1(),
        ),
        POSITIVE,
    ),
    "rounding": (
        lambda a: (a.abs(), -a, a.floor(), a.ceil(), a.round(), a.trunc(), a.sign(), a.square()),
        X * 3,
    ),
    "rectifiers": (
        lambda a: (
            F.relu(a),
            F.relu6(a),
            F.leaky_relu(a, 0.2),
            F.hardtanh(a),
            F.hardtanh(a, -0.5, 0.7),
            F.hardtanh(a, 0.0, 1.0),
            F.hardswish(a),
            F.hardsigmoid(a),
            F.threshold(a, 0.1, 20.0),
            F.hardshrink(a),
            F.softshrink(a),
        ),
        X * 4,
    ),
    "smooth activations": (
        lambda a: (
            torch.erf(a),
            F.elu(a),
            F.elu(a, 0.5),
            F.selu(a),
            F.celu(a, 2.0),
            F.gelu(a),
            F.gelu(a, approximate="tanh"),
            F.silu(a),
            a.sigmoid(),
            a.tanh(),
            F.softplus(a),
            F.softplus(a, 2.0, 1.0),
            F.mish(a),
            F.logsigmoid(a),
            F.softsign(a),
            F.tanhshrink(a),
        ),
        X * 3,
    ),
    "softmax": (lambda a: (F.softmax(a, 1), F.softmax(a, -1), F.log_softmax(a, 2), F.softmin(a, 3)), X),
    "limits": (
        lambda a, b: (
            a.clamp(-0.5, 0.5),
            a.clamp(min=0),
            a.clamp(max=0.3),
            a.clamp(0, 6),
            torch.clamp(a, b - 1, b + 1),
            torch.maximum(a, b),
            torch.minimum(a, b),
        ),
        X,
        Y,
    ),
    "comparisons": (
        lambda a, b: (
            a > b,
            a >= 0,
            a < b,
            a <= 0.5,
            a == b,
            a != b,
            (a > 0) & (b > 0) | ~(a < 1) ^ (b == a),
        ),
        X,
        Y,
    ),
    "selection": (
        lambda a, b: (
            torch.where(a > b, a, b),
            torch.where(a > 0, 1.0, b),
            a.masked_fill(b > 0, -1.0),
            b.masked_fill(torch.ones(4, 5).tril() == 0, 2.0),
            (a > 0) * b,
            torch.logical_and(a > 0, b > 0).float(),
        ),
        X,
        Y,
    ),
    "integers": (
        lambda i: (
            i + 1,
            i * 2.5,
            i.float().mean(),
            i % 3,
            (i > 3).long(),
            i / 2,
            -i,
            i.clamp(1, 3),
            i.to(torch.int32),
        ),
        torch.arange(12).reshape(3, 4),
    ),
}


@pytest.fixture(scope="module")
def compared() -> dict[str, list[tuple[np.ndarray, np.ndarray]]]:
    """The results of all cases."""
    return Together(CASES).compared()


@pytest.mark.parametrize("case", CASES)
def test_agrees_with_pytorch(case: str, compared: dict[str, list[tuple[np.ndarray, np.ndarray]]]) -> None:
    equal_within(compared[case])


def test_compiled() -> None:
    function, *inputs = CASES["smooth activations"]
    graph = agree(Calls(function), *inputs)
    same_results(graph, host(graph), Calls(function), [inputs])


def test_scalars_broadcast() -> None:
    agree(Calls(lambda a, b: (a + b, a * b.sum(), a.mean() - b)), random(2, 1, 3), random(4, 1))


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda a: a.sin(), "aten.sin.default is not supported"),
        (lambda a: a**a, "exponent"),
        (lambda a: a.double().sum(), "float64"),
        (lambda a: a.half() * 2, "float16"),
    ],
)
def test_refused(function: object, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message) as refusal:
        from_module(Calls(function), POSITIVE, "model")
    assert refusal.value.where.startswith("agreement.py:")
