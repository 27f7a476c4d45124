# SPDX-License-Identifier: Apache-2.0
"""What all tests share: where the reference models and data lie, and a cache of compiled code of their own."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

# Keras runs on PyTorch here: TensorFlow is not among the packages that tests need.
os.environ.setdefault("KERAS_BACKEND", "torch")

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def shared_model() -> Callable[[str], Path]:
    """The path of a reference model; skips the test where it is absent."""

    def path_of(name: str) -> Path:
        path = SHARED / "models" / name
        if not path.is_file():
            pytest.skip(f"the reference model {name} is not beside the checkout (../shared/models)")
        return path

    return path_of


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """The path of a reference data set; skips the test where it is absent."""

    def path_of(name: str) -> Path:
        path = SHARED / "data" / name
        if not path.exists():
            pytest.skip(f"the data set {name} is not beside the checkout (../shared/data)")
        return path

    return path_of


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds --update-golden."""
    parser.addoption(
        "--update-golden", action="store_true", help="Rewrite the golden files from what is emitted."
    )
