# SPDX-License-Identifier: Apache-2.0
"""CONV_2D, int8, 3x3, stride 1: Winograd's F(2x4, 3x3), exact in integers, a third of the multiplications.

The C form, with the transforms and what the tables hold, is runtime/kernels/mw_conv_winograd_s8_m4.h.

Strips of one or more rows of tiles, 2x4 outputs each. Per strip the data of all tiles is transformed once. Then, two or
four filters a pass: their taps are transformed from int8; for each group of positions eight sums a frequency are
accumulated with SMLAD, two channels at a time, and transformed to outputs. So the transformed filters, four times as
large as the taps, are never stored but for one pass.

Scratch: the transformed data by groups of positions, within them by frequency, pairs of channels, position; then from
"work" on either the lines that the data's transform is in the middle of (and a row of the zero point), or the
transformed filters by frequency, pairs of channels, filter, and behind them the sums of one group.
"""

from __future__ import annotations

from collections.abc import Mapping

from milliwatt.emit.assembly.scoped_listing import ScopedListing
from milliwatt.emit.assembly.winograd_data import transform_data
from milliwatt.emit.assembly.winograd_filters import transform_filters
from milliwatt.emit.assembly.winograd_outputs import write_outputs
from milliwatt.emit.assembly.winograd_products import multiply
from milliwatt.emit.assembly.winograd_shape import WinogradShape, winograd_shape


def body(params: Mapping[str, int | float]) -> str:
    """The whole function. Arguments: r0 input, r1 output, r2 scratch, r3 weights, then records on the stack."""
    shape = winograd_shape(params)
    code = ScopedListing()
    _start(code, shape)
    strip = code.here()
    transform_data(code, shape)
    _passes(code, shape)
    _next_strip(code, shape, strip)
    saved = code.borrowed
    head = ["push {r4-r11, lr}", "ldr r12, [sp, #36]", *([f"vpush {saved}"] if saved else [])]
    tail = [*([f"vpop {saved}"] if saved else []), "pop {r4-r11, pc}"]
    return "\n".join([*head, code.text(), *tail])


def _start(code: ScopedListing, shape: WinogradShape) -> None:
    """The arguments, the records in r12, to S registers; the data aligned to groups of words."""
    code.keep("strip output", "r1")
    code.keep("weights", "r3")
    code.keep("records", "r12")
    if shape.out_h % 2:
        code.add("r1", "r1", shape.out_h * shape.out_w * shape.out_c, temporary="r4")
        code.keep("limit", "r1")
    code.op(f"adds r2, #{4 * shape.group - 1}", f"bic r2, r2, #{4 * shape.group - 1}")
    code.add("r2", "r2", shape.work, temporary="r4")
    code.keep("work", "r2")
    code.add("r0", "r0", -shape.pad_top * shape.pitch, temporary="r4")
    code.keep("rows", "r0")
    code.constant("r0", -shape.pad_top)
    code.keep("row", "r0")


def _passes(code: ScopedListing, shape: WinogradShape) -> None:
    """All filters on the strip."""
    code.fetch("r0", "strip output")
    code.keep("pass output", "r0")
    one_pass, done = code.here(), code.label()
    transform_filters(code, shape)
    code.fetch("r0", "work")
    code.add("r0", "r0", -shape.work, temporary="r1")
    code.keep("data", "r0")
    code.fetch("r0", "pass output")
    code.keep("tile", "r0")
    code.constant("r0", shape.across)
    code.keep("column", "r0")
    code.op("movs r0, #0")
    code.keep("position", "r0")
    group = code.here()
    multiply(code, shape)
    record_end = 4 * shape.record_words * shape.filters
    write_outputs(code, shape, next_group=group, done=done)
    code.place(done)
    code.fetch("r0", "records")
    code.add("r0", "r0", record_end, temporary="r1")
    code.keep("records", "r0")
    code.fetch("r0", "pass output")
    code.op(f"adds r0, #{shape.filters}")
    code.keep("pass output", "r0")
    code.fetch("r1", "strip output")
    code.add("r1", "r1", shape.out_c, temporary="r2")
    code.op("cmp r0, r1")
    code.branch("bne", one_pass)
    code.forget("pass output", "data", "tile", "column", "position")
    if not shape.even:
        code.forget("positions")


def _next_strip(code: ScopedListing, shape: WinogradShape, strip: int) -> None:
    if shape.rows >= shape.down:
        return
    for name, size in (
        ("weights", -9 * shape.in_c * shape.out_c),
        ("records", -4 * shape.record_words * shape.out_c),
        ("strip output", 2 * shape.rows * shape.out_w * shape.out_c),
    ):
        code.fetch("r0", name)
        code.add("r0", "r0", size, temporary="r1")
        code.keep(name, "r0")
    code.fetch("r0", "row")
    code.constant("r1", 2 * shape.down - shape.pad_top)
    code.op("cmp r0, r1")
    code.branch("blt", strip)
