# SPDX-License-Identifier: Apache-2.0
"""Shapes, slices, indices, borders and reductions, against PyTorch."""

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

X = random(1, 6, 8, 10)
Y = random(1, 6, 8, 10, seed=1)

CASES = {
    "views": (
        lambda a: (
            a.view(1, 48, 10),
            a.reshape(6, -1),
            a.flatten(1),
            a.squeeze(0).unsqueeze(1),
            a.unflatten(1, (2, 3)),
            a[..., None, 0],
        ),
        X,
    ),
    "axes": (
        lambda a: (
            a.permute(0, 2, 3, 1),
            a.transpose(1, 3),
            a.mT,
            a.movedim(1, -1),
            a.swapaxes(1, 2),
            a.flip(2, 3),
        ),
        X,
    ),
    "copies": (
        lambda a: (a[:, :1].expand(1, 4, 8, 10), a.repeat(2, 1, 1, 3), torch.tile(a, (2, 1)), a.roll(2, 2)),
        X,
    ),
    "joined": (
        lambda a, b: (torch.cat([a, b], 1), torch.stack([a, b], 2), torch.cat([a > 0, b > 0], -1)),
        X,
        Y,
    ),
    "parts": (
        lambda a: (
            a.chunk(4, 1)[1],
            a.split([1, 2, 3], 1)[2],
            a.split(4, 1)[1],
            a.unbind(1)[3],
            a[:, 1:5:2, ..., -3:],
            a[0, 2],
            a.narrow(2, 1, 3),
            a.select(-1, -1),
        ),
        X,
    ),
    "blocks of pixels": (
        lambda a: (F.pixel_shuffle(a[:, :4], 2), F.pixel_unshuffle(a, 2), F.channel_shuffle(a, 2)),
        X,
    ),
    "borders": (
        lambda a: [
            F.pad(a, (1, 2)),
            F.pad(a, (1, 2, 0, 3), value=2.0),
            F.pad(a, (-1, 2)),
            *(F.pad(a, (1, 2, 3, 1), mode=mode) for mode in ("reflect", "replicate", "circular")),
        ],
        X,
    ),
    "constant indices": (
        lambda a: (
            a.index_select(1, torch.tensor([2, 0])),
            a[:, [1, -3]],
            a[:, :, torch.tensor([1, 2]), torch.tensor([0, -1])],
            a[:, torch.tensor([[1], [2]]), torch.tensor([0, 3, 5])],
        ),
        X,
    ),
    "computed indices": (
        lambda a, i: (
            a[:, i],
            a.index_select(2, i.flatten()),
            torch.gather(a, 1, (a[:, :2] > 0).long()),
            a[0, i, i],
        ),
        X,
        torch.tensor([[1, 2], [3, 0]]),
    ),
    "replaced parts": (
        lambda a, b: (
            torch.slice_scatter(a, b[:, :2], 1, 3, 5),
            torch.select_scatter(a, b[:, 0], 1, 2),
            torch.slice_scatter(a, b[:, :, :4], 2, 0, 8, 2),
            torch.index_copy(a, 1, torch.tensor([4]), b[:, :1]),
        ),
        X,
        Y,
    ),
    "sums": (
        lambda a: (
            a.mean(),
            a.mean((2, 3)),
            a.sum(1),
            a.sum(),
            a.prod(1),
            a.cumsum(2),
            a.logsumexp(1),
            a.norm(dim=1),
        ),
        X,
    ),
    "extremes": (
        lambda a: (
            a.amax((1, 2), keepdim=True),
            a.amin(-1),
            a.max(1)[0],
            a.max(2)[1],
            a.min(1),
            a.argmax(1),
            a.argmax(-1, keepdim=True),
            a.argmin(),
            (a > 0).any(1),
            (a > -9).all(),
        ),
        X,
    ),
    "variances": (lambda a: (a.var((2, 3)), a.std(1, unbiased=False), *torch.var_mean(a, 1), a.var()), X),
    "matrix products": (
        lambda a, b: (
            a @ b.transpose(2, 3),
            torch.einsum("bchw,bcxw->bhx", a, b),
            a @ torch.ones(10, 3),
            a[0, 0] @ b[0, 0, 0],
            torch.bmm(a[0], b[0].mT),
            torch.addmm(torch.ones(5), a[0, 0], torch.ones(10, 5), beta=0.5, alpha=2.0),
            torch.baddbmm(torch.ones(6, 8, 8), a[0], b[0].mT),
            a[0, 0, 0].dot(b[0, 0, 0]),
            torch.outer(a[0, 0, 0], b[0, 0, 0]),
            F.linear(a, b[0, 0], b[0, 1, :, 0]),
        ),
        X,
        Y,
    ),
}


@pytest.fixture(scope="module")
def compared() -> dict[str, list[tuple[np.ndarray, np.ndarray]]]:
    """The results of all cases."""
    return Together(CASES).compared()


@pytest.mark.parametrize("case", CASES)
def test_agrees_with_pytorch(case: str, compared: dict[str, list[tuple[np.ndarray, np.ndarray]]]) -> None:
    equal_within(compared[case])


@pytest.mark.parametrize("case", ["parts", "replaced parts"])
def test_compiled(case: str) -> None:
    function, *inputs = CASES[case]
    graph = agree(Calls(function), *inputs)
    same_results(graph, host(graph), Calls(function), [inputs])


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda a: a[:, [0, 1], :, [2, 3]], "not neighbours"),
        (lambda a: F.max_pool2d(a, 2, return_indices=True)[1], "indices of a pool"),
        (lambda a: a.sort(1)[0], "aten.sort"),
        (lambda a: F.max_pool2d(a, 2, dilation=2), "dilation"),
    ],
)
def test_refused(function: object, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message) as refusal:
        from_module(Calls(function), X, "model")
    assert refusal.value.where.startswith("agreement.py:")
