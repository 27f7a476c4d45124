# SPDX-License-Identifier: Apache-2.0
"""The short form of int8 sums: found for usual scales, exact for all pairs, and never out of 32 bits."""

from __future__ import annotations

import numpy as np
import pytest

from milliwatt.ir import DType, Quant, TensorType
from milliwatt.lower.short_add import short_form
from milliwatt.ops.numerics import Rounding
from milliwatt.ops.operator import Signature
from milliwatt.ops.rescaled_pair import sum_of_pair

BYTES = np.arange(-128, 128)
PAIRS = (BYTES[:, None], BYTES[None, :])


def random_signature(seed: int) -> Signature:
    """ADD or SUB with scales as converters choose them, any zero points and activation."""
    random = np.random.default_rng(seed)
    first, second = 2.0 ** random.uniform(-9, 1, 2)
    output = max(first, second) * 2.0 ** random.uniform(-1, 2)
    kinds = [
        TensorType(
            DType.INT8, (256, 256), Quant((float(np.float32(scale)),), (int(random.integers(-128, 128)),))
        )
        for scale in (first, second, output)
    ]
    attrs = {"fused_activation_function": ("NONE", "RELU", "RELU6")[seed % 3], "pot_scale_int16": False}
    return Signature(("ADD", "SUB")[seed % 2], (kinds[0], kinds[1]), (kinds[2],), attrs=attrs)


@pytest.mark.parametrize("rounding", Rounding, ids=lambda rounding: rounding.name)
def test_short_form_is_exact_for_all_pairs(rounding: Rounding) -> None:
    for seed in range(30):
        signature = random_signature(seed)
        form = short_form(signature, rounding)
        assert form is not None, f"seed {seed}"
        expected = sum_of_pair(signature, *PAIRS, rounding)
        assert np.array_equal(form.evaluate(*PAIRS), expected), f"seed {seed}"


@pytest.mark.parametrize("rounding", Rounding, ids=lambda rounding: rounding.name)
def test_no_partial_sum_leaves_32_bits(rounding: Rounding) -> None:
    for seed in range(30):
        form = short_form(random_signature(seed), rounding)
        assert form is not None
        second = form.second_factor * BYTES.astype(object)
        partial = [value + form.bias for value in second]
        total = [form.first_factor * side + value for side in (-128, 127) for value in partial]
        assert max(map(abs, [*second, *partial, *total])) < 2**31


def test_single_rounding_is_the_rounded_real_sum() -> None:
    """Factors of 21 bits leave an error of less than 1/1000 of a step before the one rounding."""
    for seed in range(30):
        signature = random_signature(seed)
        kinds = (*signature.inputs, *signature.outputs)
        (first, second, output) = [kind.quant for kind in kinds if kind is not None]
        assert first is not None
        assert second is not None
        assert output is not None
        sign = -1 if signature.op == "SUB" else 1
        real = (PAIRS[0] - first.zero_point[0]) * first.scale[0]
        real = real + sign * (PAIRS[1] - second.zero_point[0]) * second.scale[0]
        real = real / output.scale[0] + output.zero_point[0]
        got = sum_of_pair(signature, *PAIRS, Rounding.SINGLE)
        inside = (got > got.min()) & (got < got.max())
        assert np.abs(got - real)[inside].max() <= 0.501


def test_no_short_form_for_scales_too_far_apart() -> None:
    """An output 2^15 times finer than an input needs factors of more than 32 bits."""
    kinds = [TensorType(DType.INT8, (1,), Quant((scale,), (0,))) for scale in (1.0, 1.0, 2.0**-15)]
    attrs = {"fused_activation_function": "NONE", "pot_scale_int16": False}
    signature = Signature("ADD", (kinds[0], kinds[1]), (kinds[2],), attrs=attrs)
    assert short_form(signature, Rounding.DOUBLE) is None
