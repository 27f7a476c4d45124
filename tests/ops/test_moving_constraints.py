# SPDX-License-Identifier: Apache-2.0
"""Every constraint of the operators that move, resize and remember is broken once, and names what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from milliwatt.ir import DType, Node, Quant, Shape, TensorType
from milliwatt.ops import find
from milliwatt.ops.operator import Array, Signature

HALF, THIRD = Quant((0.5,), (3,)), Quant((0.25,), (3,))


def int8(*shape: int, quant: Quant | None = HALF) -> TensorType:
    return TensorType(DType.INT8, shape, quant)


def floats(*shape: int) -> TensorType:
    return TensorType(DType.FLOAT32, shape)


def numbers(*values: Any, dtype: type = np.int32) -> Array:
    return np.array(values, dtype)


IMAGE = int8(1, 4, 6, 3)
OPEN = TensorType(DType.INT32, (2,))
UNSCALED = TensorType(DType.UINT8, (2,))
"""An operand that is known only when the model runs."""


@dataclass(frozen=True)
class Use:
    """One use of an operator: inputs are types, constant arrays or None."""

    op: str
    inputs: Sequence[TensorType | Array | None]
    output: TensorType | None = None
    attrs: Mapping[str, Any] = field(default_factory=dict)
    states: tuple[TensorType, ...] = ()

    def signature(self) -> Signature:
        constants = tuple(item if isinstance(item, np.ndarray) else None for item in self.inputs)
        kinds = tuple(
            TensorType(
                DType(item.dtype.name), item.shape, Quant((0.5,), (0,)) if item.dtype.itemsize < 4 else None
            )
            if isinstance(item, np.ndarray)
            else item
            for item in self.inputs
        )
        attrs = MappingProxyType(find(self.op).filled(Node(self.op, (), (), self.attrs)))
        outputs = () if self.output is None else (self.output,)
        return Signature(self.op, kinds, outputs, constants, attrs, self.states)


def svdf(**changes: Any) -> Use:
    inputs: list[TensorType | Array | None] = [
        int8(1, 5),
        np.ones((6, 5), np.int8),
        np.ones((6, 4), np.int16),
        np.ones(3, np.int32),
        None,
    ]
    states = (TensorType(DType.INT16, (1, 24), Quant((0.5,), (0,))),)
    return changed(
        Use("SVDF", inputs, int8(1, 3), {"rank": 2, "fused_activation_function": "RELU"}, states), changes
    )


def lstm(**changes: Any) -> Use:
    weights, recurrent, bias = np.ones((2, 4), np.int8), np.ones((2, 2), np.int8), np.ones(2, np.int32)
    inputs: list[TensorType | Array | None] = [
        int8(1, 3, 4),
        *[weights] * 4,
        *[recurrent] * 4,
        *[None] * 3,
        *[bias] * 4,
        *[None] * 8,
    ]
    states = (int8(1, 2), TensorType(DType.INT16, (1, 2), Quant((2.0**-12,), (0,))))
    scales = {"intermediate_scales": (0.0,) * 4 + (0.5,), "intermediate_zero_points": (0, 0, 0, 0, 3)}
    attrs = {"fused_activation_function": "TANH", **scales}
    return changed(Use("UNIDIRECTIONAL_SEQUENCE_LSTM", inputs, int8(1, 3, 2), attrs, states), changes)


def changed(use: Use, changes: Mapping[str, Any]) -> Use:
    """The use with some inputs ({index: value}), attributes or states replaced."""
    replaced = changes.get("inputs", {})
    inputs = [replaced.get(index, item) for index, item in enumerate(use.inputs)]
    attrs = {**use.attrs, **changes.get("attrs", {})}
    return Use(use.op, inputs, use.output, attrs, changes.get("states", use.states))


def sliced(begin: Array, end: Array, stride: Array, **masks: Any) -> Use:
    return Use("STRIDED_SLICE", (int8(4, 6), begin, end, stride), int8(1), masks)


BROKEN: dict[str, list[Use]] = {
    "RESHAPE known": [Use("RESHAPE", (IMAGE, OPEN))],
    "RESHAPE one_open": [
        Use("RESHAPE", (IMAGE, numbers(-1, -1)), IMAGE),
        Use("RESHAPE", (IMAGE, numbers(0, 7)), IMAGE),
    ],
    "RESHAPE same_size": [
        Use("RESHAPE", (IMAGE, numbers(7, -1)), IMAGE),
        Use("RESHAPE", (IMAGE,), IMAGE, {"new_shape": (8,)}),
    ],
    "SQUEEZE extent_one": [
        Use("SQUEEZE", (IMAGE,), IMAGE, {"squeeze_dims": axes}) for axes in ((1,), (4,), (-5,))
    ],
    "EXPAND_DIMS constant_axis": [Use("EXPAND_DIMS", (IMAGE, OPEN))],
    "EXPAND_DIMS one_axis": [Use("EXPAND_DIMS", (IMAGE, numbers(axis))) for axis in (5, -6)],
    "TRANSPOSE constant_permutation": [Use("TRANSPOSE", (IMAGE, OPEN))],
    "TRANSPOSE each_axis_once": [
        Use("TRANSPOSE", (int8(2, 3), numbers(*axes))) for axes in ((0, 0), (0, 2), (0,))
    ],
    "CONCATENATION axis_in_range": [
        Use("CONCATENATION", (IMAGE, IMAGE), IMAGE, {"axis": axis}) for axis in (4, -5)
    ],
    "CONCATENATION same_other_extents": [
        Use("CONCATENATION", (int8(2, 3), int8(2, 4)), IMAGE),
        Use("CONCATENATION", (int8(2), int8(2, 1)), IMAGE),
    ],
    "CONCATENATION no_activation": [
        Use("CONCATENATION", (IMAGE,), IMAGE, {"fused_activation_function": "RELU"})
    ],
    "CONCATENATION same_quantisation": [
        Use("CONCATENATION", (int8(2), int8(2, quant=THIRD)), int8(4)),
        Use("CONCATENATION", (UNSCALED, UNSCALED), TensorType(DType.UINT8, (4,), THIRD)),
    ],
    "SPLIT constant_axis": [Use("SPLIT", (OPEN, IMAGE), IMAGE)],
    "SPLIT axis_in_range": [
        Use("SPLIT", (numbers(4), IMAGE), IMAGE),
        Use("SPLIT", (numbers(0, 1), IMAGE), IMAGE),
    ],
    "SPLIT divides": [
        Use("SPLIT", (numbers(1), IMAGE), IMAGE, {"num_splits": parts}) for parts in (3, 0, -1)
    ],
    "SPLIT_V constant_list_of_sizes": [Use("SPLIT_V", (IMAGE, OPEN, numbers(1)), IMAGE)],
    "SPLIT_V constant_axis": [Use("SPLIT_V", (IMAGE, numbers(2, 2), OPEN), IMAGE)],
    "SPLIT_V axis_in_range": [Use("SPLIT_V", (IMAGE, numbers(2, 2), numbers(4)), IMAGE)],
    "SPLIT_V count": [Use("SPLIT_V", (IMAGE, numbers(2, 2), numbers(1)), IMAGE, {"num_splits": 3})],
    "SPLIT_V sizes_add_up": [
        Use("SPLIT_V", (IMAGE, numbers(*sizes), numbers(1)), IMAGE, {"num_splits": 2})
        for sizes in ((2, 1), (-1, -1), (4, -1), (4, 0))
    ],
    "SLICE constant_beginning": [Use("SLICE", (IMAGE, OPEN, numbers(1, 1, 1, 1)), IMAGE)],
    "SLICE constant_size": [Use("SLICE", (IMAGE, numbers(0, 0, 0, 0), OPEN), IMAGE)],
    "SLICE one_per_axis": [Use("SLICE", (IMAGE, numbers(0, 0), numbers(1, 1)), IMAGE)],
    "SLICE inside": [
        Use("SLICE", (int8(4), numbers(begin), numbers(size)), IMAGE)
        for begin, size in ((-1, 1), (3, 2), (4, -1), (0, 0))
    ],
    "STRIDED_SLICE constant_beginning": [Use("STRIDED_SLICE", (IMAGE, OPEN, numbers(1), numbers(1)), IMAGE)],
    "STRIDED_SLICE constant_end": [Use("STRIDED_SLICE", (IMAGE, numbers(0), OPEN, numbers(1)), IMAGE)],
    "STRIDED_SLICE constant_stride": [Use("STRIDED_SLICE", (IMAGE, numbers(0), numbers(1), OPEN), IMAGE)],
    "STRIDED_SLICE same_lengths": [sliced(numbers(0), numbers(1, 1), numbers(1, 1))],
    "STRIDED_SLICE strides_not_zero": [
        sliced(numbers(0), numbers(1), numbers(0)),
        sliced(numbers(2), numbers(1), numbers(-1), shrink_axis_mask=1),
    ],
    "STRIDED_SLICE one_ellipsis": [sliced(numbers(0, 0), numbers(1, 1), numbers(1, 1), ellipsis_mask=3)],
    "STRIDED_SLICE relative_ends": [
        sliced(numbers(-2), numbers(1), numbers(1), offset=True),
        sliced(numbers(2), numbers(1), numbers(1), offset=True, begin_mask=1),
    ],
    "STRIDED_SLICE fits_rank": [
        sliced(numbers(0, 0, 0), numbers(1, 1, 1), numbers(1, 1, 1)),
        sliced(numbers(0, 0, 0), numbers(1, 1, 1), numbers(1, 1, 1), ellipsis_mask=1),
    ],
    "STRIDED_SLICE inside": [
        sliced(numbers(2), numbers(2), numbers(1)),
        sliced(numbers(4), numbers(5), numbers(1), shrink_axis_mask=1),
        sliced(numbers(1), numbers(3), numbers(-1)),
    ],
    "PACK axis_in_range": [Use("PACK", (IMAGE,), IMAGE, {"axis": axis}) for axis in (5, -6)],
    "PACK same_shapes": [
        Use("PACK", (int8(2), int8(3)), IMAGE, {"values_count": 2}),
        Use("PACK", (int8(2),), IMAGE, {"values_count": 2}),
    ],
    "PACK same_quantisation": [Use("PACK", (int8(2, quant=THIRD),), int8(1, 2))],
    "UNPACK axis_in_range": [Use("UNPACK", (IMAGE,), IMAGE, {"axis": 4, "num": 1})],
    "UNPACK whole_axis": [Use("UNPACK", (IMAGE,), IMAGE, {"axis": 1, "num": 3})],
    "TILE constant_number_of_repetitions": [Use("TILE", (IMAGE, OPEN))],
    "TILE one_per_axis": [Use("TILE", (int8(2, 3), numbers(*times))) for times in ((1,), (0, 1), (1, -1))],
    "BROADCAST_TO constant_new_shape": [Use("BROADCAST_TO", (IMAGE, OPEN))],
    "BROADCAST_TO broadcastable": [
        Use("BROADCAST_TO", (int8(2, 3), numbers(*shape))) for shape in ((3,), (3, 3), (2, 4), (-1, 3))
    ],
    "FILL constant_shape": [Use("FILL", (OPEN, floats()))],
    "FILL positive_extents": [Use("FILL", (numbers(2, 0), floats()))],
    "FILL one_value": [Use("FILL", (numbers(2), floats(2)))],
    "REVERSE_V2 constant_list_of_axes": [Use("REVERSE_V2", (IMAGE, OPEN))],
    "REVERSE_V2 axes_in_range": [Use("REVERSE_V2", (IMAGE, numbers(*axes))) for axes in ((4,), (1, 1))],
    "SPACE_TO_DEPTH rank_4": [Use("SPACE_TO_DEPTH", (int8(2, 2),))],
    "SPACE_TO_DEPTH blocks": [
        Use("SPACE_TO_DEPTH", (IMAGE,), None, {"block_size": block}) for block in (0, -2, 3, 4)
    ],
    "DEPTH_TO_SPACE rank_4": [Use("DEPTH_TO_SPACE", (int8(2, 2),))],
    "DEPTH_TO_SPACE blocks": [
        Use("DEPTH_TO_SPACE", (IMAGE,), None, {"block_size": block}) for block in (0, 2)
    ],
    "SPACE_TO_BATCH_ND constant_block_shape": [Use("SPACE_TO_BATCH_ND", (IMAGE, OPEN, numbers([0, 0])))],
    "SPACE_TO_BATCH_ND constant_padding": [Use("SPACE_TO_BATCH_ND", (IMAGE, numbers(2, 2), OPEN))],
    "SPACE_TO_BATCH_ND rank_3_or_4": [Use("SPACE_TO_BATCH_ND", (int8(2, 2), numbers(), numbers()))],
    "SPACE_TO_BATCH_ND block_lengths": [
        Use("SPACE_TO_BATCH_ND", (IMAGE, numbers(*block), numbers([0, 0], [0, 0])))
        for block in ((2,), (0, 2))
    ],
    "SPACE_TO_BATCH_ND paddings_divide": [
        Use("SPACE_TO_BATCH_ND", (IMAGE, numbers(2, 2), numbers(*pads)))
        for pads in (([0, 1], [0, 0]), ([0, 0],), ([-2, 0], [0, 0]))
    ],
    "BATCH_TO_SPACE_ND constant_block_shape": [Use("BATCH_TO_SPACE_ND", (IMAGE, OPEN, numbers([0, 0])))],
    "BATCH_TO_SPACE_ND constant_crop": [Use("BATCH_TO_SPACE_ND", (IMAGE, numbers(1, 1), OPEN))],
    "BATCH_TO_SPACE_ND rank_3_or_4": [Use("BATCH_TO_SPACE_ND", (int8(2, 2), numbers(), numbers()))],
    "BATCH_TO_SPACE_ND block_lengths": [Use("BATCH_TO_SPACE_ND", (IMAGE, numbers(1), numbers([0, 0])))],
    "BATCH_TO_SPACE_ND whole_batches": [
        Use("BATCH_TO_SPACE_ND", (IMAGE, numbers(2, 1), numbers([0, 0], [0, 0])))
    ],
    "BATCH_TO_SPACE_ND crops_fit": [
        Use("BATCH_TO_SPACE_ND", (IMAGE, numbers(1, 1), numbers(*crops)))
        for crops in (([2, 2], [0, 0]), ([0, 0],), ([-1, 0], [0, 0]))
    ],
    "PAD constant_padding": [Use("PAD", (IMAGE, OPEN), IMAGE)],
    "PAD pair_per_axis": [
        Use("PAD", (int8(2, 3), numbers(*pads)), int8(2, 3)) for pads in (([0, 0],), ([0, 0], [0, -1]))
    ],
    "PAD same_quantisation": [Use("PAD", (int8(2), numbers([1, 1])), int8(4, quant=THIRD))],
    "PADV2 constant_padding": [Use("PADV2", (floats(2), OPEN, numbers(1, dtype=np.float32)), floats(4))],
    "PADV2 constant_border_value": [Use("PADV2", (floats(2), numbers([1, 1]), floats(1)), floats(4))],
    "PADV2 pair_per_axis": [
        Use("PADV2", (floats(2), numbers([0, 0], [0, 0]), numbers(1, dtype=np.float32)), floats(4))
    ],
    "PADV2 one_value": [
        Use("PADV2", (floats(2), numbers([1, 1]), numbers(1, 2, dtype=np.float32)), floats(4))
    ],
    "PADV2 same_quantisation": [
        Use("PADV2", (int8(2), numbers([1, 1]), numbers(1, dtype=np.int8)), int8(4, quant=THIRD))
    ],
    "PADV2 value_quantisation": [
        Use("PADV2", (int8(2), numbers([1, 1]), numbers(1, dtype=np.int8)), int8(4))
    ],
    "MIRROR_PAD constant_padding": [Use("MIRROR_PAD", (IMAGE, OPEN))],
    "MIRROR_PAD pair_per_axis": [Use("MIRROR_PAD", (int8(2, 3), numbers([0, 0])))],
    "MIRROR_PAD mode": [Use("MIRROR_PAD", (int8(2), numbers([0, 0])), None, {"mode": "WRAP"})],
    "MIRROR_PAD mirrored_once": [
        Use("MIRROR_PAD", (int8(3), numbers(pads)), None, {"mode": mode})
        for pads, mode in (([3, 0], "REFLECT"), ([0, 4], "SYMMETRIC"))
    ],
    "SHAPE not_a_scalar": [Use("SHAPE", (int8(),), TensorType(DType.INT32, (0,)))],
    "SHAPE output_type": [Use("SHAPE", (IMAGE,), TensorType(DType.INT64, (4,)))],
    "READ_VARIABLE one_variable": [
        Use("READ_VARIABLE", (None,), IMAGE),
        Use("READ_VARIABLE", (None,), IMAGE, {}, (floats(2),)),
    ],
    "ASSIGN_VARIABLE one_variable": [
        Use("ASSIGN_VARIABLE", (None, IMAGE)),
        Use("ASSIGN_VARIABLE", (None, IMAGE), None, {}, (int8(2),)),
    ],
    "GATHER axis_in_range": [Use("GATHER", (IMAGE, numbers(0)), IMAGE, {"axis": 4})],
    "GATHER same_batches": [
        Use("GATHER", (int8(2, 3), numbers([0], [1])), IMAGE, attrs)
        for attrs in ({"axis": 0, "batch_dims": 1}, {"axis": 1, "batch_dims": 3})
    ]
    + [Use("GATHER", (int8(3, 3), numbers([0], [1])), IMAGE, {"axis": 1, "batch_dims": 1})],
    "GATHER constant_indices_inside": [Use("GATHER", (int8(3), numbers(index)), IMAGE) for index in (3, -1)],
    "GATHER_ND depth_fits": [Use("GATHER_ND", (int8(3), numbers([0, 0])), IMAGE)],
    "GATHER_ND constant_indices_inside": [
        Use("GATHER_ND", (int8(3, 2), numbers(index)), IMAGE) for index in ([0, 2], [-1, 0])
    ],
    "RESIZE_BILINEAR constant_size": [Use("RESIZE_BILINEAR", (IMAGE, OPEN))],
    "RESIZE_BILINEAR rank_4": [Use("RESIZE_BILINEAR", (int8(2, 2), numbers(2, 2)))],
    "RESIZE_BILINEAR two_sizes": [Use("RESIZE_BILINEAR", (IMAGE, numbers(*size))) for size in ((2,), (0, 2))],
    "RESIZE_BILINEAR one_convention": [
        Use(
            "RESIZE_BILINEAR",
            (IMAGE, numbers(2, 2)),
            None,
            {"align_corners": True, "half_pixel_centers": True},
        )
    ],
    "RESIZE_NEAREST_NEIGHBOR constant_size": [Use("RESIZE_NEAREST_NEIGHBOR", (IMAGE, OPEN))],
    "RESIZE_NEAREST_NEIGHBOR rank_4": [Use("RESIZE_NEAREST_NEIGHBOR", (int8(2, 2), numbers(2, 2)))],
    "RESIZE_NEAREST_NEIGHBOR two_sizes": [Use("RESIZE_NEAREST_NEIGHBOR", (IMAGE, numbers(2, -2)))],
    "SVDF ranks": [svdf(inputs={0: int8(1, 4)}), svdf(inputs={2: np.ones((5, 4), np.int16)})],
    "SVDF rank_divides": [svdf(attrs={"rank": rank}) for rank in (0, -2, 4)],
    "SVDF constant_weights": [svdf(inputs={1: int8(6, 5)}), svdf(inputs={3: TensorType(DType.INT32, (3,))})],
    "SVDF bias_length": [svdf(inputs={3: np.ones(6, np.int32)})],
    "SVDF one_state": [
        svdf(states=()),
        svdf(states=(int8(1, 24),)),
        svdf(states=(TensorType(DType.INT16, (1, 20)),)),
    ],
    "SVDF activation": [svdf(attrs={"fused_activation_function": "NONE"})],
    "SVDF quantised": [
        svdf(inputs={0: int8(1, 5, quant=None)}),
        svdf(states=(TensorType(DType.INT16, (1, 24), HALF),)),
    ],
    "UNIDIRECTIONAL_SEQUENCE_LSTM rank_3": [lstm(inputs={0: int8(1, 4)})],
    "UNIDIRECTIONAL_SEQUENCE_LSTM two_states": [lstm(states=(int8(1, 2),))],
    "UNIDIRECTIONAL_SEQUENCE_LSTM no_peephole": [lstm(inputs={10: np.ones(2, np.int16)})],
    "UNIDIRECTIONAL_SEQUENCE_LSTM no_projection": [lstm(inputs={16: np.ones((2, 2), np.int8)})],
    "UNIDIRECTIONAL_SEQUENCE_LSTM no_layer_norm": [lstm(inputs={21: np.ones(2, np.int16)})],
    "UNIDIRECTIONAL_SEQUENCE_LSTM tanh_activation": [lstm(attrs={"fused_activation_function": "RELU"})],
    "UNIDIRECTIONAL_SEQUENCE_LSTM input_gate_whole": [lstm(inputs={1: None}), lstm(inputs={12: None})],
    "UNIDIRECTIONAL_SEQUENCE_LSTM constant_weights": [
        lstm(inputs={3: int8(2, 4)}),
        lstm(inputs={14: TensorType(DType.INT32, (2,))}),
    ],
    "UNIDIRECTIONAL_SEQUENCE_LSTM fitting_shapes": [
        lstm(inputs={6: np.ones((2, 3), np.int8)}),
        lstm(inputs={13: np.ones(3, np.int32)}),
        lstm(states=(int8(1, 3), TensorType(DType.INT16, (1, 2)))),
    ],
    "UNIDIRECTIONAL_SEQUENCE_LSTM state_types": [lstm(states=(int8(1, 2), int8(1, 2)))],
    "UNIDIRECTIONAL_SEQUENCE_LSTM quantised": [
        lstm(states=(int8(1, 2), TensorType(DType.INT16, (1, 2), Quant((scale,), (0,)))))
        for scale in (2.0**-8, 0.0003)
    ],
    "UNIDIRECTIONAL_SEQUENCE_LSTM hidden_quantised": [
        lstm(attrs={"intermediate_scales": (0.0,) * 5}),
        lstm(attrs={"intermediate_scales": (), "intermediate_zero_points": ()}),
    ],
}


@pytest.mark.parametrize("name", BROKEN)
def test_is_rejected(name: str) -> None:
    """The named constraint is the first that does not hold."""
    op, constraint = name.split()
    for use in BROKEN[name]:
        assert use.op == op
        signature = use.signature()
        failed = next((rule.__name__ for rule in find(op).constraints if not rule(signature)), None)
        assert failed == constraint, f"{use.attrs} {use.inputs}"


def test_every_constraint_is_broken_once() -> None:
    ops = {name.split()[0] for name in BROKEN}
    assert {f"{op} {rule.__name__}" for op in ops for rule in find(op).constraints} == set(BROKEN)


@pytest.mark.parametrize("use", [svdf(), lstm()], ids=lambda use: use.op)
def test_the_unbroken_use_is_accepted(use: Use) -> None:
    signature = use.signature()
    assert all(rule(signature) for rule in find(use.op).constraints)
    shapes: tuple[Shape, ...] = find(use.op).shapes(signature)
    assert shapes == tuple(output.shape for output in signature.outputs)
