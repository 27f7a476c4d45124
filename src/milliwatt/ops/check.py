# SPDX-License-Identifier: Apache-2.0
"""Is every node a use that its operator supports? The second half of verification, after `ir.verify`.

For each node: the operator is known, the element types are in its table, its numbered constraints hold,
and the output shapes are those that follow from the inputs. A model that fails here is refused before
anything is emitted; the error names the operator, the place in the user's model and the types found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from milliwatt.errors import InternalError, ModelError, UnsupportedError
from milliwatt.ir import AttrValue, DType, Graph, Node, Shape, TensorType
from milliwatt.ops import registry
from milliwatt.ops.operator import Attribute, Constraint, Operator, Signature, Types

# What a rule may raise on a node that no converter would write: too few inputs, a division by zero, …
_MALFORMED = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    TypeError,
    ValueError,
)


_MAX_LISTED = 32
"""The most types that an error lists."""


def check(graph: Graph) -> Graph:
    """The graph itself, when every node is supported. The graph must have passed `ir.verify`.

    Raises:
        UnsupportedError: an operator, its element types or one of its constraints is not supported.
        ModelError: an output shape contradicts the inputs, or a node is malformed.
        InternalError: a node has an attribute that its operator does not declare.
    """
    for node in graph.nodes:
        check_node(graph, node)
    return graph


def supports(signature: Signature) -> bool:
    """Whether an operator takes these types, and all of its constraints hold: what a pass asks before it makes a node.

    Raises:
        ModelError: the inputs do not fit the operator.
    """
    operator = registry.find(signature.op)
    return operator.accepts(signature) and all(_holds(rule, signature) for rule in operator.constraints)


def check_node(graph: Graph, node: Node) -> None:
    """Check one node; raises as `check` does."""
    operator = registry.find(node.op, where=node.source)
    _check_attributes(operator, node)
    signature = registry.signature(graph, node)
    if not operator.accepts(signature):
        raise UnsupportedError(
            f"{node.op} does not support the types {_types_text(signature)}",
            where=node.source,
            hint=_type_hint(operator, signature),
        )
    _check_one_scale(signature)
    for number, constraint in enumerate(operator.constraints, start=1):
        if not _holds(constraint, signature):
            raise UnsupportedError(
                f"{node.op} C{number}: {sentence(constraint)} Types: {_types_text(signature)}",
                where=node.source,
                hint=operator.hint,
            )
    _check_shapes(operator, signature)


def sentence(constraint: Constraint) -> str:
    """The error text of a constraint: the first sentence of its docstring."""
    lines = (constraint.__doc__ or constraint.__name__).strip().split("\n\n")[0].split()
    return " ".join(lines)


def rows_text(operator: Operator) -> str:
    """The supported combinations of element types, in words."""
    return "; ".join(f"{_pattern(row.inputs)} → {_pattern(row.outputs)}" for row in operator.types)


def _check_attributes(operator: Operator, node: Node) -> None:
    for name, value in node.attrs.items():
        attribute = operator.attributes.get(name)
        if attribute is None or not _is_kind(attribute, value):
            raise InternalError(f"{node.op} has no attribute {name} = {value!r}", where=node.source)


def _is_kind(attribute: Attribute, value: AttrValue) -> bool:
    match attribute.kind:
        case "int":
            return type(value) is int
        case "float":
            return type(value) is float
        case "bool":
            return type(value) is bool
        case "enum":
            return type(value) is str
        case "ints":
            return type(value) is tuple and all(type(item) is int for item in value)
        case "floats":
            return type(value) is tuple and all(type(item) is float for item in value)


def _check_one_scale(signature: Signature) -> None:
    """Only constants may be quantised per channel: no operator computes such a tensor."""
    computed = [
        kind for kind, array in zip(signature.inputs, signature.constants, strict=True) if array is None
    ]
    for kind in (*computed, *signature.outputs):
        if kind is not None and kind.quant is not None and len(kind.quant.scale) > 1:
            raise UnsupportedError(
                f"{signature.op} has data that are quantised per channel: {kind}",
                where=signature.source,
                hint="only weights can be quantised per channel; convert the model again",
            )


def _holds(constraint: Constraint, signature: Signature) -> bool:
    try:
        return constraint(signature)
    except _MALFORMED as error:
        raise _malformed(signature, error) from error


def inferred_shapes(operator: Operator, signature: Signature) -> tuple[Shape, ...]:
    """The output shapes that follow from a signature's inputs; its outputs are not looked at.

    Raises:
        ModelError: the inputs do not fit the operator.
    """
    try:
        return tuple(tuple(map(int, shape)) for shape in operator.shapes(signature))
    except _MALFORMED as error:
        raise _malformed(signature, error) from error


def _check_shapes(operator: Operator, signature: Signature) -> None:
    expected = inferred_shapes(operator, signature)
    found = tuple(kind.shape for kind in signature.outputs)
    if found != expected:
        raise ModelError(
            f"{signature.op} has outputs of shape {_shapes_text(found)}, "
            f"but its inputs give {_shapes_text(expected)}",
            where=signature.source,
        )


def _malformed(signature: Signature, error: BaseException) -> ModelError:
    return ModelError(
        f"{signature.op} is malformed ({error}); its types are {_types_text(signature)}",
        where=signature.source,
    )


def _type_hint(operator: Operator, signature: Signature) -> str:
    supported = f"supported: {rows_text(operator)}"
    if _is_hybrid(signature):
        return (
            "float activations with int8 weights are a dynamic-range ('hybrid') model: convert it with "
            "full-integer quantisation (a representative_dataset and the int8 builtins), "
            f"or with float weights; {supported}"
        )
    return f"{supported}; {operator.hint}" if operator.hint else supported


def _is_hybrid(signature: Signature) -> bool:
    kinds = list(zip(signature.inputs, signature.constants, strict=True))
    floats = any(kind is not None and kind.dtype is DType.FLOAT32 and array is None for kind, array in kinds)
    weights = any(
        kind is not None and kind.dtype is DType.INT8 and array is not None for kind, array in kinds
    )
    return floats and weights


def _types_text(signature: Signature) -> str:
    return f"({_listed(signature.inputs)}) → ({_listed(signature.outputs)})"


def _listed(kinds: Sequence[TensorType | None]) -> str:
    texts = ["none" if kind is None else str(kind) for kind in kinds[:_MAX_LISTED]]
    return ", ".join([*texts, "…"] if len(kinds) > _MAX_LISTED else texts)


def _shapes_text(shapes: tuple[tuple[int, ...], ...]) -> str:
    """The shapes, in brackets; at most `_MAX_LISTED` of them and of their extents."""
    return ", ".join(str(list(shape[:_MAX_LISTED])) for shape in shapes[:_MAX_LISTED])


def _pattern(types: Types) -> str:
    return f"({', '.join(_entries(types))})"


def _entries(types: Types) -> Iterator[str]:
    for entry in types:
        if entry is Ellipsis:
            yield "…"
        elif isinstance(entry, tuple):
            yield "|".join("none" if kind is None else kind.value for kind in entry)
        else:
            yield "none" if entry is None else entry.value
