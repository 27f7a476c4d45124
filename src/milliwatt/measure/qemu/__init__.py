# SPDX-License-Identifier: Apache-2.0
"""A second opinion where it is installed: the same model in QEMU, the same outputs, the same instruction count."""

from milliwatt.measure.qemu.machine import has_qemu
from milliwatt.measure.qemu.runner import QEMURunner

__all__ = ["QEMURunner", "has_qemu"]
