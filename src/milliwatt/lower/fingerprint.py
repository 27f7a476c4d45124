# SPDX-License-Identifier: Apache-2.0
"""A name for what calls do, made of their content alone: kernels, parameters, constants, scratch, overlaps."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from milliwatt.lower.program import Argument, KernelCall, Scratch, StateArg, Table


def fingerprint(calls: Sequence[KernelCall]) -> str:
    """A hash that two sequences of calls share exactly when they run the same code on the same constants.

    Names of values count only by which arguments share one, so equal layers of one model have one name.
    """
    digest = hashlib.sha256()
    numbers: dict[str, int] = {}
    for call in calls:
        parts = [
            call.kernel,
            repr(sorted(call.params.items())),
            *(_argument(argument, numbers) for argument in call.arguments),
            *(
                f"{numbers.get(rule.read)} over {numbers.get(rule.write)} {rule.distance}"
                for rule in call.overlaps
            ),
        ]
        digest.update("\n".join([*parts, ""]).encode())
    return digest.hexdigest()


def _argument(argument: Argument, numbers: dict[str, int]) -> str:
    if isinstance(argument, Table):
        content = hashlib.sha256(argument.array.tobytes()).hexdigest()
        return f"table {argument.role} {argument.c_type} {argument.array.shape} {content}"
    if isinstance(argument, Scratch):
        return f"scratch {argument.bytes} {argument.c_type} {argument.alignment}"
    kind = type(argument).__name__
    name = argument.state if isinstance(argument, StateArg) else argument.value
    return f"{kind} {argument.c_type} {numbers.setdefault(name, len(numbers))}"
