# SPDX-License-Identifier: Apache-2.0
"""What a graph is. This package imports nothing else of milliwatt but its errors."""

from milliwatt.ir.graph import AttrValue, Graph, Node, State
from milliwatt.ir.types import DType, Quant, Shape, TensorType

__all__ = ["AttrValue", "DType", "Graph", "Node", "Quant", "Shape", "State", "TensorType"]
