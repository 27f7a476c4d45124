# SPDX-License-Identifier: Apache-2.0
"""CONV_2D, int8: four filters by three pixels in SMLAL, three 21-bit sums in each 64-bit register pair.

With inputs p, q, r of three pixels, A = p + q 2^21 and A' = q + r 2^21, and weights f, g of two filters,
B = f + g 2^21, the products are

    A B  = p f + (q f + p g) 2^21 + q g 2^42,    A' B = q f + (r f + q g) 2^21 + r g 2^42:

two SMLAL make six multiply-accumulates whose sums follow by subtraction, as long as each field keeps 21 bits (the
last one 22), which lowering proves. The first field and the middle one start high enough that they stay positive.
The C form, with what the tables hold, is runtime/kernels/mw_conv_fields_s8_m4.h.
"""

from __future__ import annotations

from milliwatt.emit.assembly.conv_field_blocks import FieldBlocks
from milliwatt.emit.assembly.conv_fields import Fields
from milliwatt.emit.assembly.conv_gemm import Params


def body(params: Params) -> str:
    """The whole function. Arguments: r0 input, r1 output, r2 scratch, r3 weights, on the stack the geometry."""
    return (FieldBlocks(params) if params["blocks"] else Fields(params)).text()
