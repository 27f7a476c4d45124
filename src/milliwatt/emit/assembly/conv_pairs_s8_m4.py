# SPDX-License-Identifier: Apache-2.0
"""CONV_2D, int8: four filters by two pixels in SMLAD, two filters in each halfword of weights.

A halfword of weights is 256 f + g for the same input of two filters. SMLAD on the word accumulates 256 F + G, one
SXTB16 leaves the two g, and F follows by a subtraction. So two loads of weights, two of inputs and ten instructions
make 16 multiply-accumulates. Compilers run out of registers here: eight sums, four operands, two pointers.
The C form, with what the tables hold, is runtime/kernels/mw_conv_pairs_s8_m4.h.
"""

from __future__ import annotations

from milliwatt.emit.assembly.conv_gemm import Params
from milliwatt.emit.assembly.conv_pair_blocks import PairBlocks
from milliwatt.emit.assembly.conv_pairs import Pairs


def body(params: Params) -> str:
    """The whole function. Arguments: r0 input, r1 output, r2 scratch, r3 weights, on the stack the geometry."""
    return (PairBlocks(params) if params["blocks"] else Pairs(params)).text()
