# SPDX-License-Identifier: Apache-2.0
"""Recipes for random nodes, one file per family of operators, found by walking this package."""
