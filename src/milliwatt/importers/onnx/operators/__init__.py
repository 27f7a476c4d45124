# SPDX-License-Identifier: Apache-2.0
"""ONNX operators -> operators of the graph, by topic. See `milliwatt.importers.onnx.registry`."""
