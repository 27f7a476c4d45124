# SPDX-License-Identifier: Apache-2.0
"""What a user says about a model beside the model itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from milliwatt.errors import UsageError
from milliwatt.ir import Shape

_SHAPE = re.compile(r"(?:(?P<name>[^=]+)=)?(?P<shape>\d+(?:[x,]\d+)*)")


@dataclass(frozen=True)
class Request:
    """How a model shall be read.

    Attributes:
        input_shapes: shapes of inputs by name; the name "" stands for the only input, or for the first.
        trust: whether a file may be unpickled, which runs whatever code its author put there.
    """

    input_shapes: Mapping[str, Shape] = field(default_factory=dict)
    trust: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "input_shapes", MappingProxyType(dict(self.input_shapes)))

    def shape_of(self, name: str, index: int) -> Shape | None:
        """The shape asked for an input, by its name or, for the first one, without; None when there is none."""
        found = self.input_shapes.get(name)
        return self.input_shapes.get("") if found is None and index == 0 else found

    def refuse_shapes(self, suffix: str) -> None:
        """For formats whose shapes stand in the file.

        Raises:
            UsageError: the user gave a shape.
        """
        if self.input_shapes:
            raise UsageError(
                f"the shapes of a {suffix} model stand in the file and cannot be chosen",
                hint="leave --input-shape away",
            )


def parse_shapes(texts: Sequence[str]) -> dict[str, Shape]:
    """Shapes as they are typed: ``1x3x32x32``, or ``name=1x3x32x32`` for one of several inputs.

    Raises:
        UsageError: a text is neither, or an extent is 0.
    """
    shapes: dict[str, Shape] = {}
    for text in texts:
        match = _SHAPE.fullmatch(text.strip())
        shape = tuple(int(part) for part in re.split("[x,]", match["shape"])) if match else ()
        if match is None or 0 in shape:
            raise UsageError(
                f"{text!r} is no shape", hint="write 1x3x32x32, or input=1x3x32x32 for one of several inputs"
            )
        shapes[match["name"] or ""] = shape
    return shapes
