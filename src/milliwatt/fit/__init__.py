# SPDX-License-Identifier: Apache-2.0
"""Searches above the stages: they call them, and measure what comes out."""
