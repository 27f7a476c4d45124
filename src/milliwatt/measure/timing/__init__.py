# SPDX-License-Identifier: Apache-2.0
"""Counted basic blocks times the core's rules: instructions and cycles of every step."""

from milliwatt.measure.timing.price import Pricer, StepCost

__all__ = ["Pricer", "StepCost"]
