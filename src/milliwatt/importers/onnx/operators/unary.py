# SPDX-License-Identifier: Apache-2.0
"""Element-wise operators of one input."""

from __future__ import annotations

import math

import numpy as np

from milliwatt.importers.onnx.site import Handler, Result, Site
from milliwatt.importers.scalars import limited, scalar
from milliwatt.ir import DType


def _same(op: str) -> Handler:
    def handle(site: Site) -> Result:
        return site.build.node(op, [site.value(0)])

    return handle


def identity(site: Site) -> tuple[Result, ...]:
    """Identity, and Dropout where nothing is dropped; the mask of Dropout is all true."""
    data = site.constant(0)
    result: Result = site.value(0) if data is None else data
    mask = np.ones(site.shape(0), np.bool_) if len(site.node.outputs) > 1 else None
    return result, mask


def dropout(site: Site) -> tuple[Result, ...]:
    """Dropout of a model that does not train."""
    training = site.constant(2)
    if site.has(2) and (training is None or bool(training.reshape(-1).any())):
        raise site.refusal(
            "Dropout in training mode draws random numbers", "export the model in inference mode"
        )
    return identity(site)


def clip(site: Site) -> Result:
    """Clip: bounds are attributes before opset 11, then inputs."""
    if site.opset < 11:
        lowest, highest = -math.inf, math.inf
        return limited(site.build, site.value(0), site.number("min", lowest), site.number("max", highest))
    bounds = []
    for index, default in ((1, -math.inf), (2, math.inf)):
        if not site.has(index):
            bounds.append(default)
            continue
        array = site.constant(index)
        if array is None or array.size != 1:
            return _computed_clip(site)
        bounds.append(float(array.reshape(-1)[0]))
    return limited(site.build, site.value(0), *bounds)


def _computed_clip(site: Site) -> Result:
    value = site.value(0)
    for index, op in ((1, "MAXIMUM"), (2, "MINIMUM")):
        if site.has(index):
            value = site.build.node(op, [value, site.value(index)])
    return value


def leaky_relu(site: Site) -> Result:
    """LeakyRelu."""
    return site.build.node("LEAKY_RELU", [site.value(0)], {"alpha": site.number("alpha", 0.01)})


def thresholded_relu(site: Site) -> Result:
    """ThresholdedRelu: x where x > alpha, else 0."""
    build, value = site.build, site.value(0)
    above = build.node("GREATER", [value, scalar(build, site.number("alpha", 1.0))], dtype=DType.BOOL)
    return build.node("SELECT_V2", [above, value, scalar(build, 0.0)], dtype=DType.FLOAT32)


def _negative_part(site: Site, value: str, scale: float) -> str:
    """scale * (exp(x) - 1) below zero, else 0."""
    below = site.build.node("MINIMUM", [site.build.node("ELU", [value]), scalar(site.build, 0.0)])
    return below if scale == 1.0 else site.build.node("MUL", [below, scalar(site.build, scale)])


def elu(site: Site) -> Result:
    """Elu: x above zero, alpha * (exp(x) - 1) below."""
    build, value, alpha = site.build, site.value(0), site.number("alpha", 1.0)
    if alpha == 1.0:
        return build.node("ELU", [value])
    return build.node("ADD", [build.node("RELU", [value]), _negative_part(site, value, alpha)])


def celu(site: Site) -> Result:
    """Celu: max(0, x) + min(0, alpha * (exp(x / alpha) - 1))."""
    build, value, alpha = site.build, site.value(0), site.number("alpha", 1.0)
    if alpha == 0.0:
        raise site.damage("Celu has the alpha 0")
    inner = value if alpha == 1.0 else build.node("DIV", [value, scalar(build, alpha)])
    return build.node("ADD", [build.node("RELU", [value]), _negative_part(site, inner, alpha)])


def selu(site: Site) -> Result:
    """Selu: gamma * (x above zero, alpha * (exp(x) - 1) below)."""
    build, value = site.build, site.value(0)
    gamma = site.number("gamma", 1.05070102214813232421875)
    alpha = site.number("alpha", 1.67326319217681884765625)
    above = build.node("MUL", [build.node("RELU", [value]), scalar(build, gamma)])
    return build.node("ADD", [above, _negative_part(site, value, gamma * alpha)])


def hard_sigmoid(site: Site) -> Result:
    """HardSigmoid: alpha * x + beta, limited to 0..1."""
    attributes = {"alpha": site.number("alpha", 0.2), "beta": site.number("beta", 0.5)}
    return site.build.node("HARD_SIGMOID", [site.value(0)], attributes)


def softplus_of(site: Site, value: str) -> str:
    """log(1 + exp(x)) as max(x, 0) + log(1 + exp(-|x|)), which never overflows."""
    build = site.build
    small = build.node("EXP", [build.node("NEG", [build.node("ABS", [value])])])
    rest = build.node("LOG", [build.node("ADD", [small, scalar(build, 1.0)])])
    return build.node("ADD", [build.node("RELU", [value]), rest])


def softplus(site: Site) -> Result:
    """Softplus."""
    return softplus_of(site, site.value(0))


def mish(site: Site) -> Result:
    """Mish: x * tanh(softplus(x))."""
    value = site.value(0)
    return site.build.node("MUL", [value, site.build.node("TANH", [softplus_of(site, value)])])


def swish(site: Site) -> Result:
    """Swish: x * sigmoid(alpha * x)."""
    build, value, alpha = site.build, site.value(0), site.number("alpha", 1.0)
    if alpha == 1.0:
        return build.node("SILU", [value])
    inner = build.node("MUL", [value, scalar(build, alpha)])
    return build.node("MUL", [value, build.node("LOGISTIC", [inner])])


def is_nan(site: Site) -> Result:
    """IsNaN: what does not equal itself."""
    return site.build.node("NOT_EQUAL", [site.value(0), site.value(0)], dtype=DType.BOOL)


def is_infinite(site: Site) -> Result:
    """IsInf, of either sign or of one."""
    build, value = site.build, site.value(0)
    signs = site.integer("detect_positive", 1), site.integer("detect_negative", 1)
    if not any(signs):
        raise site.refusal("IsInf that detects nothing is not supported")
    value = build.node("ABS", [value]) if all(signs) else value
    infinity = math.inf if signs[0] else -math.inf
    return build.node("EQUAL", [value, scalar(build, infinity)], dtype=DType.BOOL)


def softsign(site: Site) -> Result:
    """Softsign: x / (1 + |x|)."""
    build, value = site.build, site.value(0)
    return build.node("DIV", [value, build.node("ADD", [build.node("ABS", [value]), scalar(build, 1.0)])])


def reciprocal(site: Site) -> Result:
    """Reciprocal: 1 / x."""
    return site.build.node("DIV", [scalar(site.build, 1.0), site.value(0)])


def gelu(site: Site) -> Result:
    """Gelu, exact or by a tanh."""
    approximate = site.text("approximate", "none") == "tanh"
    return site.build.node("GELU", [site.value(0)], {"approximate": approximate})


def sign(site: Site) -> Result:
    """Sign: -1, 0 or 1."""
    build, value = site.build, site.value(0)
    kind = site.dtype(0)
    zero = build.constant(np.zeros((), kind.numpy))
    sides = []
    for op in ("GREATER", "LESS"):
        truth = build.node(op, [value, zero], dtype=DType.BOOL)
        names = {"in_data_type": "BOOL", "out_data_type": kind.name}
        sides.append(build.node("CAST", [truth], names, dtype=kind))
    return build.node("SUB", sides)


HANDLERS = {
    "Abs": _same("ABS"),
    "Ceil": _same("CEIL"),
    "Celu": celu,
    "Clip": clip,
    "Dropout": dropout,
    "Elu": elu,
    "Erf": _same("ERF"),
    "Exp": _same("EXP"),
    "Floor": _same("FLOOR"),
    "Gelu": gelu,
    "HardSigmoid": hard_sigmoid,
    "HardSwish": _same("HARD_SWISH"),
    "Identity": identity,
    "IsInf": is_infinite,
    "IsNaN": is_nan,
    "LeakyRelu": leaky_relu,
    "Log": _same("LOG"),
    "Mish": mish,
    "Neg": _same("NEG"),
    "Not": _same("LOGICAL_NOT"),
    "Reciprocal": reciprocal,
    "Relu": _same("RELU"),
    "Round": _same("ROUND"),
    "Selu": selu,
    "Sigmoid": _same("LOGISTIC"),
    "Sign": sign,
    "Softplus": softplus,
    "Softsign": softsign,
    "Sqrt": _same("SQRT"),
    "Swish": swish,
    "Tanh": _same("TANH"),
    "ThresholdedRelu": thresholded_relu,
}
