# SPDX-License-Identifier: Apache-2.0
"""ONNX's own test vectors for its operators."""

from __future__ import annotations

import collections

import pytest

from milliwatt.testing.onnx_node_cases import cases, outcome

# Modules of onnx.backend.test.case.node whose cases are quick to make.
MODULES = """
    add argmax averagepool batch_normalization cast ceil clip concat conv convtranspose depthtospace
    dequantizelinear div elu equal erf exp flatten floor gather gelu gemm globalaveragepool greater
    hardsigmoid hardswish identity instance_normalization leakyrelu less log logsoftmax matmul max
    maxpool min mish mul neg pad pow prelu quantizelinear reciprocal reducemean reducesum relu reshape
    resize qlinearconv qlinearmatmul lstm gru rnn layernormalization
    round selu shape sigmoid sign slice softmax softplus softsign spacetodepth split sqrt squeeze sub
    sum tanh tile transpose unsqueeze where xor
"""

# Expected differences: the beginning of a case's name, and why.
KNOWN = {
    "test_attention": "infinities and NaN must pass through sums, which graphs limit to finite floats",
    "test_resize_downsample_scales_linear_align_corners": "corners are those of the result, as in ONNX Runtime",
    "test_resize_downsample_scales_cubic_align_corners": "corners are those of the result, as in ONNX Runtime",
}


def _check(modules: list[str] | None, least: int) -> None:
    counts: collections.Counter[str] = collections.Counter()
    different = []
    for case in cases(modules):
        result = outcome(case)
        counts[result.status] += 1
        if result.status == "different" and not case.name.startswith(tuple(KNOWN)):
            different.append(f"{case.name}: {result.reason}")
    assert not different, "\n".join(different)
    assert counts["equal"] >= least, counts


def test_common_operators() -> None:
    _check(MODULES.split(), 400)


@pytest.mark.long
def test_all_operators() -> None:
    _check(None, 850)
