# SPDX-License-Identifier: Apache-2.0
"""Streaming: a model of a sliding window becomes its incremental form with state."""

from milliwatt.stream.streaming import Streaming, stream

__all__ = ["Streaming", "stream"]
