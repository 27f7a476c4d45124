# SPDX-License-Identifier: Apache-2.0
"""Packed weights mean the filters that they were made from, and the bounds that allow them hold."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from milliwatt.lower.conv_s8_dsp import reading_order
from milliwatt.lower.tile_s8 import Filters, channel_records, pack, unroll
from milliwatt.ops import Rounding
from milliwatt.ops.accumulate import Rescale

LEAST, MOST = -128, 127


def filters(weights: object, bias: object = 0, *, zero_point: int = 0, exponent: int = -9) -> Filters:
    matrix = np.array(weights, np.int8)
    count = len(matrix)
    constants = Rescale(
        mantissa=np.full(count, 1 << 30, np.int32),
        exponent=np.full(count, exponent, np.int32),
        input_offset=-zero_point,
        output_offset=0,
        low=-128,
        high=127,
        rounding=Rounding.DOUBLE,
    )
    return Filters(matrix, np.broadcast_to(np.array(bias, np.int64), (count,)), constants)


def halves(
    words: np.ndarray[tuple[int, ...], np.dtype[np.uint32]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    return words.reshape(*words.shape, 1).view(np.int16)


def test_extremes_are_those_of_all_inputs() -> None:
    random = np.random.default_rng(0)
    for zero_point in (-128, -3, 0, 127):
        one = filters(random.integers(-128, 128, (3, 2)), [5, -7, 0], zero_point=zero_point)
        values = [*(value - zero_point for value in (LEAST, MOST)), 0]
        sums = [
            one.bias + one.weights.astype(np.int64) @ np.array(x) for x in itertools.product(values, repeat=2)
        ]
        low, high = one.extremes
        np.testing.assert_array_equal(low, np.min(sums, axis=0))
        np.testing.assert_array_equal(high, np.max(sums, axis=0))


@pytest.mark.parametrize("packed", [False, True], ids=["bytes", "numbers"])
@pytest.mark.parametrize(("count", "group"), [(2, 2), (3, 2), (5, 4), (8, 4)])
def test_packed_weights_mean_the_filters(count: int, group: int, packed: bool) -> None:
    """Each halfword holds f and g, as two bytes or as the number 256 f + g; what is missing is 0."""
    random = np.random.default_rng(count)
    one = filters(random.integers(-127, 128, (count, 7)))
    words = one.words(multiple=2)
    assert words == 4
    numbers = halves(pack(one, words=words, group=group, packed=packed)).astype(np.int64)
    lower = (numbers & 0xFF) - ((numbers & 0x80) << 1)
    upper = (numbers - lower) >> 8 if packed else numbers >> 8
    for index in range(-(-count // group) * group):
        place, pair, part = index // group, index % group // 2, index % 2
        found = (upper, lower)[part][place, :, pair].reshape(-1)
        expected = np.zeros(8) if index >= count else np.append(one.weights[index], 0)
        np.testing.assert_array_equal(found, expected)


def test_packed_sums_give_both_filters() -> None:
    """The kernel's arithmetic, in integers modulo 2**32."""
    random = np.random.default_rng(7)
    one = filters(random.integers(-127, 128, (2, 200)), [12345, -54321], zero_point=-128)
    assert one.packable
    numbers = halves(pack(one, words=100, group=2, packed=True)).astype(np.int64).reshape(-1)
    start = channel_records(one, group=2, packed=True)[0, :2].astype(np.int64)
    for _ in range(20):
        inputs = random.choice([0, 255, *random.integers(0, 256, 3)], 200)
        lower = (numbers & 0xFF) - ((numbers & 0x80) << 1)
        both = (start[0] + numbers @ inputs).astype(np.int64).astype(np.int32)
        second = (start[1] + lower @ inputs).astype(np.int32)
        first = (both.astype(np.int64) - second).astype(np.int32) >> 8
        np.testing.assert_array_equal([first, second], one.bias + one.weights.astype(np.int64) @ inputs)


def test_what_cannot_be_packed() -> None:
    assert filters([[-128], [1]]).packable
    assert not filters([[-128], [-1]]).packable, "256 * -128 - 1 is no int16"
    assert filters([[1], [1]], [(1 << 23) - 128, 0]).packable
    assert not filters([[1], [1]], [(1 << 23) - 127, 0]).packable, "the first sum exceeds 24 bits"
    assert filters([[1], [1]], [0, 1 << 24]).packable, "the second sum has 32 bits"


def test_what_is_too_large_to_rescale_shortly() -> None:
    assert filters([[1]], (1 << 30) - 128).short
    assert not filters([[1]], (1 << 30) - 127).short
    assert not filters([[1]], exponent=0).short
    assert filters([[1]], exponent=-1).short
    assert filters([[1]], exponent=-23).short
    assert not filters([[1]], exponent=-24).short


@pytest.mark.parametrize("count", range(1, 14))
def test_reading_order_holds_every_byte_once(count: int) -> None:
    order = reading_order(count)
    assert sorted(index for index in order if index >= 0) == list(range(count))
    assert len(order) == count + count % 2
    assert order[:4] == ([0, 2, 1, 3] if count >= 4 else order[:4])


def test_unroll_divides() -> None:
    assert [unroll(words, largest=8) for words in (2, 4, 6, 12, 16, 24)] == [2, 4, 2, 4, 8, 8]
