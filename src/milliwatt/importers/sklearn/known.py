# SPDX-License-Identifier: Apache-2.0
"""Finds the translation of an estimator by walking `estimators`: modules with ``TRANSLATIONS``, by class names."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import milliwatt.importers.sklearn.estimators as package
from milliwatt.errors import UnsupportedError, UsageError
from milliwatt.importers.sklearn.read import needed
from milliwatt.importers.sklearn.site import Translate


@functools.cache
def translations() -> Mapping[str, Translate]:
    """All translations by the name of the class, in alphabetical order."""
    found: dict[str, Translate] = {}
    for module_info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{module_info.name}")
        found.update(getattr(module, "TRANSLATIONS", {}))
    return MappingProxyType(dict(sorted(found.items())))


def translation_of(estimator: Any, where: str) -> Translate:
    """The translation of a fitted estimator.

    Raises:
        UnsupportedError: its class is not known, or not scikit-learn's own.
        UsageError: it is not fitted.
    """
    kind = type(estimator)
    found = translations().get(kind.__name__)
    if found is None or not kind.__module__.startswith("sklearn."):
        raise UnsupportedError(
            f"{kind.__name__} is not supported", where=where, hint=f"known: {', '.join(translations())}"
        )
    validation = needed("sklearn.utils.validation")
    exceptions = needed("sklearn.exceptions")
    try:
        validation.check_is_fitted(estimator)
    except exceptions.NotFittedError as error:
        raise UsageError("the estimator is not fitted", where=where, hint="call fit first") from error
    return found
