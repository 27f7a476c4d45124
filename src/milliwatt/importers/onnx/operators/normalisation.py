# SPDX-License-Identifier: Apache-2.0
"""Normalisations and softmax."""

from __future__ import annotations

import math

import numpy as np

from milliwatt.importers.channel_first import scale_and_offset
from milliwatt.importers.moving import reshape, transpose
from milliwatt.importers.onnx.operators.binary import power_of
from milliwatt.importers.onnx.operators.reduction import along_axis
from milliwatt.importers.onnx.site import Handler, Result, Site
from milliwatt.importers.scalars import scalar
from milliwatt.ir import DType


def batch_normalization(site: Site) -> Result:
    """BatchNormalization with constant statistics: a scale and an offset per channel."""
    if any(site.node.outputs[1:]) or site.integer("training_mode", 0):
        raise site.refusal("BatchNormalization in training mode", "export the model in inference mode")
    scale, bias, mean, variance = (
        site.known_floats(index, what).astype(np.float64).reshape(-1)
        for index, what in enumerate(("scale", "bias", "mean", "variance"), start=1)
    )
    shape = site.shape(0)
    if len(shape) < 2 or {len(array) for array in (scale, bias, mean, variance)} != {shape[1]}:
        raise site.damage("BatchNormalization does not have one statistic per channel")
    with np.errstate(all="ignore"):
        factor = scale / np.sqrt(variance + site.number("epsilon", 1e-5))
        offset = bias - mean * factor
    if not (np.isfinite(factor).all() and np.isfinite(offset).all()):
        raise site.damage("BatchNormalization has statistics that give no finite scale")
    return scale_and_offset(site.build, site.value(0), factor.astype(np.float32), offset.astype(np.float32))


def standardised(site: Site, value: str, axes: tuple[int, ...], epsilon: float) -> str:
    """(x - mean) / sqrt(variance + epsilon) over the axes."""
    build = site.build
    places = build.integers(axes, stem="axes")
    centred = build.node("SUB", [value, build.node("MEAN", [value, places], {"keep_dims": True})])
    variance = build.node("MEAN", [build.node("SQUARE", [centred]), places], {"keep_dims": True})
    steady = build.node("ADD", [variance, scalar(build, epsilon)])
    return build.node("MUL", [centred, build.node("RSQRT", [steady])])


def instance_normalization(site: Site) -> Result:
    """InstanceNormalization: each channel of each image by its own statistics."""
    shape = site.shape(0)
    if len(shape) < 3:
        raise site.damage("InstanceNormalization needs a spatial axis")
    normal = standardised(site, site.value(0), tuple(range(2, len(shape))), site.number("epsilon", 1e-5))
    return _scaled(site, normal, (1, shape[1], *(1,) * (len(shape) - 2)))


def group_normalization(site: Site) -> Result:
    """GroupNormalization: groups of channels by their own statistics; opset 18 scales groups, 21 channels."""
    build, shape, groups = site.build, site.shape(0), site.integer("num_groups", 0)
    if len(shape) < 3 or groups < 1 or shape[1] % groups:
        raise site.damage("GroupNormalization has groups that do not fit its channels")
    space = math.prod(shape[2:])
    grouped = reshape(build, site.value(0), (shape[0], groups, shape[1] // groups * space))
    normal = standardised(site, grouped, (2,), site.number("epsilon", 1e-5))
    if site.opset < 21 and site.shape(1) == (groups,) and groups != shape[1]:
        return reshape(build, _scaled(site, normal, (1, groups, 1)), shape)
    return _scaled(site, reshape(build, normal, shape), (1, shape[1], *(1,) * (len(shape) - 2)))


def _scaled(site: Site, value: str, shape: tuple[int, ...]) -> str:
    build = site.build
    scaled = build.node("MUL", [value, reshape(build, site.value(1), shape)])
    return build.node("ADD", [scaled, reshape(build, site.value(2), shape)]) if site.has(2) else scaled


def layer_normalization(site: Site) -> Result:
    """LayerNormalization over the last axes, from the attribute axis on."""
    if any(site.node.outputs[1:]):
        raise site.refusal("LayerNormalization with outputs of its statistics is not supported")
    axis = site.axis(site.integer("axis", -1), len(site.shape(0)))
    inputs = [site.value(0), site.value(1), site.optional(2)]
    return site.build.node("LAYER_NORM", inputs, {"axis": axis, "epsilon": site.number("epsilon", 1e-5)})


def rms_normalization(site: Site) -> Result:
    """RMSNormalization: x / sqrt(mean of squares + epsilon) * scale, over the last axes."""
    axis = site.axis(site.integer("axis", -1), len(site.shape(0)))
    attributes = {"axis": axis, "epsilon": site.number("epsilon", 1e-5)}
    return site.build.node("RMS_NORM", [site.value(0), site.value(1)], attributes)


def mean_variance_normalization(site: Site) -> Result:
    """MeanVarianceNormalization: standardised over axes (0, 2 and 3 by default); the spread plus 1e-9 divides."""
    build, value, rank = site.build, site.value(0), len(site.shape(0))
    axes = site.integers("axes")
    axes = (0, 2, 3) if axes is None else axes
    places = build.integers([site.axis(axis, rank) for axis in axes], stem="axes")
    centred = build.node("SUB", [value, build.node("MEAN", [value, places], {"keep_dims": True})])
    variance = build.node("MEAN", [build.node("SQUARE", [centred]), places], {"keep_dims": True})
    spread = build.node("ADD", [build.node("SQRT", [variance]), scalar(build, 1e-9)])
    return build.node("DIV", [centred, spread])


def lp_normalization(site: Site) -> Result:
    """LpNormalization: x over its norm along an axis."""
    build, value = site.build, site.value(0)
    axis = site.axis(site.integer("axis", -1), len(site.shape(0)))
    squares = site.integer("p", 2) == 2
    places = build.integers((axis,), stem="axes")
    total = build.node(
        "SUM", [build.node("SQUARE" if squares else "ABS", [value]), places], {"keep_dims": True}
    )
    norm = build.node("SQRT", [total]) if squares else total
    # Where the norm is 0, so are the data: divide by 1 there.
    empty = build.node("EQUAL", [norm, scalar(build, 0.0)], dtype=DType.BOOL)
    safe = build.node("SELECT_V2", [empty, scalar(build, 1.0), norm], dtype=DType.FLOAT32)
    return build.node("DIV", [value, safe])


def local_response_normalization(site: Site) -> Result:
    """LRN: x / (bias + alpha / size * sum of squares over neighbouring channels) ** beta."""
    build, shape, size = site.build, site.shape(0), site.integer("size", 0)
    bias = site.number("bias", 1.0)
    if len(shape) < 2 or size < 1 or shape[1] > 4096 or bias <= 0:
        raise site.refusal("LRN is supported for at most 4096 channels and a positive bias")
    index = np.arange(shape[1])
    distance = index[None, :] - index[:, None]
    near = (distance >= -((size - 1) // 2)) & (distance <= size // 2)
    weights = near.astype(np.float32) * np.float32(site.number("alpha", 1e-4) / size)
    total = along_axis(site, build.node("SQUARE", [site.value(0)]), 1, weights)
    base = build.node("ADD", [total, scalar(build, bias)])
    return build.node("DIV", [site.value(0), power_of(site, base, site.number("beta", 0.75))])


def _softmax(op: str) -> Handler:
    def handle(site: Site) -> Result:
        build, value, shape = site.build, site.value(0), site.shape(0)
        if not shape:
            raise site.damage(f"{site.node.op} of a scalar")
        axis = site.axis(site.integer("axis", 1 if site.opset < 13 else -1), len(shape))
        if axis == len(shape) - 1:
            return build.node(op, [value])
        if site.opset < 13:
            # All axes from this one on are one.
            flat = reshape(build, value, (math.prod(shape[:axis]), math.prod(shape[axis:])))
            return reshape(build, build.node(op, [flat]), shape)
        order = [*(index for index in range(len(shape)) if index != axis), axis]
        last = build.node(op, [transpose(build, value, order)])
        return transpose(build, last, [order.index(index) for index in range(len(shape))])

    return handle


HANDLERS = {
    "BatchNormalization": batch_normalization,
    "GroupNormalization": group_normalization,
    "InstanceNormalization": instance_normalization,
    "LRN": local_response_normalization,
    "LayerNormalization": layer_normalization,
    "LogSoftmax": _softmax("LOG_SOFTMAX"),
    "LpNormalization": lp_normalization,
    "MeanVarianceNormalization": mean_variance_normalization,
    "RMSNormalization": rms_normalization,
    "Softmax": _softmax("SOFTMAX"),
}
