# SPDX-License-Identifier: Apache-2.0
"""Emulated boards: exact results, and counts from which cycles are modelled."""

from milliwatt.measure.emulator.machine import emulator_version
from milliwatt.measure.emulator.runner import EmulatorRunner
from milliwatt.measure.emulator.trace import Trace

__all__ = ["EmulatorRunner", "Trace", "emulator_version"]
