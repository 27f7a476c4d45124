# SPDX-License-Identifier: Apache-2.0
"""Finds the verbs: modules of this package with a ``verb`` function, a ``NAME`` and an ``EXAMPLE``."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

import milliwatt.cli as package


def verbs() -> dict[str, ModuleType]:
    """The module of each verb by the verb's name."""
    found = {}
    for module_info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{module_info.name}")
        if hasattr(module, "verb"):
            found[module.NAME] = module
    return found
