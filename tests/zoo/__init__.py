# SPDX-License-Identifier: Apache-2.0
"""Small networks of well-known shapes, defined in PyTorch by ourselves, with random weights."""
