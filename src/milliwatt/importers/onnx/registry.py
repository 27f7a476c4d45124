# SPDX-License-Identifier: Apache-2.0
"""Finds the handlers of ONNX operators by walking `operators`.

A module there has ``HANDLERS``: functions by ONNX operator name, and may have ``DOMAIN`` where that is not ONNX's
own. A handler appends nodes to the site's graph and returns the values, or constants, of the node's outputs.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType

import milliwatt.importers.onnx.operators as package
from milliwatt.importers.onnx.site import Handler, Site

_HINTS = {
    "Loop": "export with the loop unrolled: fixed shapes, no control flow that depends on data",
    "Scan": "export with the loop unrolled: fixed shapes, no control flow that depends on data",
    "NonZero": "its result has no fixed size",
    "Unique": "its result has no fixed size",
    "NonMaxSuppression": "run it behind the model, in C",
}


@functools.cache
def handlers() -> Mapping[tuple[str, str], Handler]:
    """Every handler by domain and operator, in alphabetical order."""
    found: dict[tuple[str, str], Handler] = {}
    for module_info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{module_info.name}")
        for domain in getattr(module, "DOMAINS", ("",)):
            found.update({(domain, op): function for op, function in module.HANDLERS.items()})
    return MappingProxyType(dict(sorted(found.items())))


def handler(site: Site) -> Handler:
    """The handler of a node.

    Raises:
        UnsupportedError: there is none.
    """
    found = handlers().get((site.node.domain, site.node.op))
    if found is None:
        raise site.refusal(
            f"the ONNX operator {site.node.op} is not supported",
            _HINTS.get(site.node.op, "replace the operator in the model and export it again"),
        )
    return found
