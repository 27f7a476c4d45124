# SPDX-License-Identifier: Apache-2.0
"""One file per family of layers, found by walking this package: ``LAYERS`` maps a class name to its translation."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping

from milliwatt.importers.keras.layer import Layer, Translation


@functools.cache
def layers() -> Mapping[str, Translation]:
    """All translations by class name."""
    found: dict[str, Translation] = {}
    for module_info in pkgutil.iter_modules(__path__):
        found |= importlib.import_module(f"{__name__}.{module_info.name}").LAYERS
    return found


def find(layer: Layer) -> Translation:
    """The translation of a layer.

    Raises:
        UnsupportedError: there is none.
    """
    translation = layers().get(layer.kind)
    if translation is None:
        raise layer.unsupported(f"the layer {layer.kind[:60]}")
    return translation
