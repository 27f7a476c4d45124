# SPDX-License-Identifier: Apache-2.0
"""ONNX's own test vectors for its operators."""

from __future__ import annotations

import collections

import pytest

from milliwatt.testing.onnx_node_cases import cases, outcome

# Modules of onnx.backend.test.case.node whose cases are quick to make.
MODULES = """
    add argmax averagepool batch_normalization cast ceil clip concat conv convtranspose depthtospace
    dequantizelinear div elu equal exp flatten floor gather gelu gemm globalaveragepool greater
    hardsigmoid hardswish identity instance_normalization leakyrelu less log logsoftmax matmul max
    maxpool min mish mul neg pad pow prelu quantizelinear reciprocal reducemean reducesum relu reshape
    round selu shape sigmoid sign slice softmax softplus softsign spacetodepth split sqrt squeeze sub
    sum tanh tile transpose unsqueeze where xor
"""

# Cases in which infinities or NaN must pass through sums; graphs limit sums to finite floats.
INFINITE = (
    "test_attention_23_boolmask_fullymasked_row_nan_robustness_expanded",
    "test_attention_23_fullymasked_qk_matmul_output_mode3_zero_expanded",
    "test_attention_4d_causal_nonpad_negative_offset_structural_empty_expanded",
    "test_attention_4d_with_past_and_present_qk_matmul_bias_3d_mask_causal_expanded",
    "test_attention_4d_with_past_and_present_qk_matmul_bias_4d_mask_causal_expanded",
)


def _check(modules: list[str] | None, least: int) -> None:
    counts: collections.Counter[str] = collections.Counter()
    different = []
    for case in cases(modules):
        result = outcome(case)
        counts[result.status] += 1
        if result.status == "different" and case.name not in INFINITE:
            different.append(f"{case.name}: {result.reason}")
    assert not different, "\n".join(different)
    assert counts["equal"] >= least, counts


def test_common_operators() -> None:
    _check(MODULES.split(), 400)


@pytest.mark.long
def test_all_operators() -> None:
    _check(None, 800)
