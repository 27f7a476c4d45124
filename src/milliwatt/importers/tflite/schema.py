# SPDX-License-Identifier: Apache-2.0
"""Names of the TFLite schema, by reflection over the PyPI package ``tflite``.

The package holds the classes that flatc generates from ``schema.fbs``: an enum is a class of integers,
a table a class with one method per field in CamelCase, and for a vector field X the methods XLength and
XAsNumpy beside it.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import tflite

IDENTIFIER = b"TFL3"


@functools.cache
def enum_members(enum: str) -> Mapping[int, str]:
    """The members of an enum of the schema, name by value."""
    members = {value: name for name, value in vars(getattr(tflite, enum)).items() if type(value) is int}
    return MappingProxyType(members)


@functools.cache
def enum_values(enum: str) -> Mapping[str, int]:
    """The members of an enum of the schema, value by name."""
    return MappingProxyType({name: value for value, name in enum_members(enum).items()})


# Options tables that are not named after their operator.
_SHARED_OPTIONS = {
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "L2_NORMALIZATION": "L2NormOptions",
    "L2_POOL_2D": "Pool2DOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "MAXIMUM": "MaximumMinimumOptions",
    "MEAN": "ReducerOptions",
    "MINIMUM": "MaximumMinimumOptions",
    "SUM": "ReducerOptions",
    "UNIDIRECTIONAL_SEQUENCE_RNN": "SequenceRNNOptions",
}


@functools.cache
def options_table(op: str) -> str | None:
    """The name of an operator's options table, or None: CONV_2D has Conv2DOptions, RELU has none."""
    if op in _SHARED_OPTIONS:
        return _SHARED_OPTIONS[op]
    if op.startswith("REDUCE_"):
        return "ReducerOptions"
    wanted = op.replace("_", "").lower() + "options"
    return next((name for name in enum_values("BuiltinOptions") if name.lower() == wanted), None)


def has_field(table: str, attribute: str) -> bool:
    """Whether an attribute is a field of the table; what only passes of our own set is not."""
    return field_name(attribute) in _methods(table)


def field_name(attribute: str) -> str:
    """The schema's spelling of an attribute: ``dilation_w_factor`` is the field ``DilationWFactor``."""
    return "".join(part[:1].upper() + part[1:] for part in attribute.split("_"))


@functools.cache
def scalar_fields(table: str) -> tuple[str, ...]:
    """The fields of a table that are not vectors: numbers, strings and tables."""
    methods = _methods(table)
    return tuple(name for name in methods if not _is_helper(name) and f"{name}Length" not in methods)


@functools.cache
def vector_fields(table: str) -> tuple[str, ...]:
    """The fields of a table that are vectors of numbers."""
    methods = _methods(table)
    return tuple(name for name in methods if f"{name}AsNumpy" in methods)


def table_class(table: str) -> Any:
    """The generated class of a table."""
    return getattr(tflite, table)


def _methods(table: str) -> frozenset[str]:
    return frozenset(name for name in vars(getattr(tflite, table)) if not name.startswith("_"))


def _is_helper(name: str) -> bool:
    return (
        name == "Init"
        or name.startswith("GetRootAs")
        or name.endswith(("Length", "AsNumpy", "IsNone", "HasIdentifier"))
    )
