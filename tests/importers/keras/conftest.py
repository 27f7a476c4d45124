# SPDX-License-Identifier: Apache-2.0
"""Keras runs on PyTorch here, where both are installed."""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "torch")
