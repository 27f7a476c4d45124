# SPDX-License-Identifier: Apache-2.0
"""Normalisation over channels, groups, instances and rows, and softmax."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from milliwatt.importers import channel_first
from milliwatt.importers.torch.site import Site
from milliwatt.ir import AttrValue


def batch_norm(site: Site) -> tuple[str, None, None]:
    """(x - mean) / sqrt(variance + eps) * weight + bias with statistics that are known, as one product and sum."""
    statistics = (site.array("running_mean"), site.array("running_var"))
    weight, bias = site.array("weight"), site.array("bias")
    mean, variance = statistics
    if mean is None or variance is None or (weight is None) != (not site.has("weight")):
        raise site.unsupported("statistics or weights that are computed", hint="call module.eval() first")
    scale = (1.0 if weight is None else weight.astype(np.float64)) / np.sqrt(
        variance.astype(np.float64) + site.number("eps")
    )
    offset = (0.0 if bias is None else bias.astype(np.float64)) - mean * scale
    result = channel_first.scale_and_offset(
        site.build, site.value("input"), scale.astype(np.float32), offset.astype(np.float32)
    )
    return result, None, None


def rows_normalised(site: Site, rows: str) -> str:
    """Rows brought to mean 0 and variance 1 along their last axis."""
    return site.emit("LAYER_NORM", [rows], {"axis": -1, "epsilon": site.number("eps")})


def affine(site: Site, value: str, shape: Sequence[int]) -> str:
    """The value times the weight plus the bias, where they are given, both brought to this shape."""
    for name, op in (("weight", "MUL"), ("bias", "ADD")):
        operand = site.optional(name) if name in site.arguments else None
        if operand is not None:
            value = site.emit(op, [value, site.reshape(operand, shape)])
    return value


def layer_norm(site: Site) -> str:
    """Over the last axes."""
    inputs = [site.value("input"), site.optional("weight"), site.optional("bias")]
    return site.emit("LAYER_NORM", inputs, first_axis(site) | {"epsilon": site.number("eps")})


def first_axis(site: Site) -> dict[str, AttrValue]:
    """The first of the axes that are normalised together."""
    return {"axis": len(site.shape("input")) - len(site.integers("normalized_shape"))}


def layer_norm_with_statistics(site: Site) -> tuple[str, None, None]:
    """Core ATen's form, which gives the statistics too."""
    return layer_norm(site), None, None


def group_norm(site: Site) -> str:
    """Over groups of channels."""
    name = "input"
    shape, groups = site.shape(name), site.integer("group" if "group" in site.arguments else "num_groups")
    rows = site.reshape(site.value(name), (shape[0], groups, math.prod(shape[1:]) // groups))
    value = site.reshape(rows_normalised(site, rows), shape)
    return affine(site, value, (shape[1], *(1,) * (len(shape) - 2)))


def group_norm_with_statistics(site: Site) -> tuple[str, None, None]:
    """Core ATen's form, which gives the statistics too."""
    return group_norm(site), None, None


def instance_norm(site: Site) -> str:
    """Over each channel of each image; with known statistics it is batch normalisation."""
    if not site.flag("use_input_stats"):
        return batch_norm(site)[0]
    shape = site.shape("input")
    rows = site.reshape(site.value("input"), (*shape[:2], math.prod(shape[2:])))
    value = site.reshape(rows_normalised(site, rows), shape)
    return affine(site, value, (shape[1], *(1,) * (len(shape) - 2)))


def rms_norm(site: Site) -> str:
    """x / sqrt(mean of squares + eps) * weight over the last axes."""
    epsilon = site.number("eps") if site.has("eps") else float(np.finfo(np.float32).eps)
    inputs = [site.value("input"), site.optional("weight")]
    return site.emit("RMS_NORM", inputs, first_axis(site) | {"epsilon": epsilon})


def rms_norm_with_statistics(site: Site) -> tuple[str, None]:
    """The fused form, which gives the inverse root too."""
    return rms_norm(site), None


def over_axis(op: str) -> Callable[[Site], str]:
    """The translation of a softmax along any axis; TFLite's works along the last."""

    def translated(site: Site) -> str:
        return softmax_along(site, op, site.cast(site.value("self"), site.output_type), site.axis())

    return translated


def softmax_along(site: Site, op: str, value: str, axis: int) -> str:
    """SOFTMAX or LOG_SOFTMAX along one axis."""
    rank = len(site.build.shape_of(value))
    order = [*(index for index in range(rank) if index != axis), axis]
    wide = site.transpose(value, order) if rank else site.reshape(value, (1,))
    attrs = {"beta": 1.0} if op == "SOFTMAX" else {}
    result = site.emit(op, [wide], attrs)
    if not rank:
        return site.reshape(result, ())
    return site.transpose(result, [order.index(index) for index in range(rank)])


TABLE = {
    "aten._native_batch_norm_legit_no_training.default": batch_norm,
    "aten.layer_norm.default": layer_norm,
    "aten.native_layer_norm.default": layer_norm_with_statistics,
    "aten.group_norm.default": group_norm,
    "aten.native_group_norm.default": group_norm_with_statistics,
    "aten.instance_norm.default": instance_norm,
    "aten.rms_norm.default": rms_norm,
    "aten._fused_rms_norm.default": rms_norm_with_statistics,
    "aten.softmax.int": over_axis("SOFTMAX"),
    "aten._softmax.default": over_axis("SOFTMAX"),
    "aten.log_softmax.int": over_axis("LOG_SOFTMAX"),
    "aten._log_softmax.default": over_axis("LOG_SOFTMAX"),
}
