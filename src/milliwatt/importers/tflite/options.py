# SPDX-License-Identifier: Apache-2.0
"""Options tables -> the attributes that an operator declares.

An operator declares ``attributes: {name: Attribute}`` and gets exactly these. The attribute
``dilation_w_factor`` is the field DilationWFactor of the operator's options table; by kind:

* int, float, bool: the field's value; a field left out of the table has the schema's default;
* enum: the name of the value in the schema's enum ``Attribute.enum``, for example "SAME" of Padding;
* ints: a vector of numbers as a tuple, empty when the file leaves it out.

Without an options table, and for attributes that are no field of it because only passes set them, the
attribute's own default holds. Two more names are not fields: ``intermediate_scales``
(floats) and ``intermediate_zero_points`` (ints) give the per-tensor quantisation of the operator's
intermediate tensors, which is where integer LSTMs keep the scale of the hidden state.
"""

from __future__ import annotations

import math

import numpy as np

from milliwatt.errors import ModelError, UnsupportedError
from milliwatt.importers.tflite import schema
from milliwatt.importers.tflite.records import FieldValue, OperatorRecord, OptionsRecord, TensorRecord
from milliwatt.ir import AttrValue
from milliwatt.ops.operator import Attribute, Operator

INTERMEDIATE_SCALES = "intermediate_scales"
INTERMEDIATE_ZERO_POINTS = "intermediate_zero_points"


def read_attributes(
    operator: Operator, record: OperatorRecord, tensors: tuple[TensorRecord, ...], *, where: str
) -> dict[str, AttrValue]:
    """The attributes of one use of an operator.

    Raises:
        ModelError: the options table is another operator's, or a value is out of range.
    """
    options = _own_options(record, where) if operator.attributes else None
    attributes: dict[str, AttrValue] = {}
    for name, attribute in operator.attributes.items():
        if attribute.internal:
            continue
        if name == INTERMEDIATE_SCALES:
            attributes[name] = tuple(scale for scale, _ in _intermediates(record, tensors, where))
        elif name == INTERMEDIATE_ZERO_POINTS:
            attributes[name] = tuple(zero_point for _, zero_point in _intermediates(record, tensors, where))
        elif options is not None and schema.has_field(options.table, name):
            value = options.fields.get(schema.field_name(name), ())
            attributes[name] = _value(name, attribute, value, where)
    return attributes


def _own_options(record: OperatorRecord, where: str) -> OptionsRecord | None:
    """The options table, which must be the one that belongs to the operator."""
    expected = schema.options_table(record.op)
    if record.options is None or expected is None:
        return None
    if record.options.table != expected:
        raise ModelError(f"{record.op} has {record.options.table} instead of {expected}", where=where)
    return record.options


def _value(name: str, attribute: Attribute, value: FieldValue, where: str) -> AttrValue:
    if attribute.kind == "ints" and isinstance(value, tuple):
        return tuple(int(item) for item in value)
    if isinstance(value, int | float) and math.isfinite(value):
        match attribute.kind:
            case "bool":
                return bool(value)
            case "float":
                return float(value)
            case "int" if isinstance(value, int):
                return int(value)
            case "enum" if isinstance(value, int):
                return _member(name, attribute, value, where)
    raise ModelError(f"the attribute {name} cannot be {value!r}", where=where)


def _member(name: str, attribute: Attribute, value: int, where: str) -> str:
    members = schema.enum_members(attribute.enum)
    if value not in members:
        raise UnsupportedError(f"the attribute {name} has the unknown value {value}", where=where)
    return members[value]


def _intermediates(
    record: OperatorRecord, tensors: tuple[TensorRecord, ...], where: str
) -> list[tuple[float, int]]:
    """Scale and zero point of each intermediate tensor; (0.0, 0) for one that is not quantised."""
    result = []
    for index in record.intermediates:
        if not -1 <= index < len(tensors):
            raise ModelError(
                f"{record.op} names the intermediate tensor {index}, which does not exist", where=where
            )
        quant = tensors[index].quant if index >= 0 else None
        if quant is None or not len(quant.scale) or not len(quant.zero_point):
            result.append((0.0, 0))
        elif not np.isfinite(quant.scale[0]):
            raise ModelError(f"{record.op} has an intermediate tensor whose scale is not finite", where=where)
        else:
            result.append((float(quant.scale[0]), int(quant.zero_point[0])))
    return result
