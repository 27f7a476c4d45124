# SPDX-License-Identifier: Apache-2.0
"""Assembly of mw_depthwise_3x3_s8_m4: for every channel a copy into a byte plane, then strips of two columns."""

from __future__ import annotations

from milliwatt.emit.assembly import Params
from milliwatt.emit.assembly.depthwise_record import load_record
from milliwatt.emit.assembly.depthwise_strip import StripWriter
from milliwatt.emit.assembly.listing import Listing
from milliwatt.emit.assembly.plane_gather import Gather, border, fill_row, move_rows

_INPUT, _RECORD, _RECORDS, _END, _BATCH, _BANDS, _FRAME = 0, 4, 8, 12, 16, 20, 24
"""The stack: the input's channel, its record, the first record, the input's end, how many images and bands are left."""


def body(params: Params) -> str:
    """The whole function; r0 input, r1 output, r2 plane, r3 channel records."""
    listing = Listing()
    listing.op(
        "push {r4-r11, lr}", f"sub sp, #{_FRAME}", f"str r0, [sp, #{_INPUT}]", f"str r3, [sp, #{_RECORDS}]"
    )
    listing.keep("out", "r1")
    listing.keep("plane", "r2")
    _borders(listing, params)
    batches = int(params["batches"])
    if batches > 1:
        listing.constant("r0", batches)
        listing.op(f"str r0, [sp, #{_BATCH}]")
        batch = listing.here()
    _channels(listing, params)
    if batches > 1:
        _next_image(listing, params)
        listing.branch("bne", batch)
    listing.op(f"add sp, #{_FRAME}", "pop {r4-r11, pc}")
    return listing.text()


def _borders(listing: Listing, params: Params) -> None:
    left, inside, outputs = (int(params[name]) for name in ("pad_left", "in_columns", "out_columns"))
    right = outputs + 2 - left - inside
    columns = (*((0,) if left else ()), *((left + inside,) if right > 0 else ()))
    listing.op("mov r0, r2")
    border(
        listing,
        rows=int(params["plane_rows"]),
        pitch=int(params["pitch"]),
        columns=columns,
        value=int(params["zero_point"]),
    )


def _channels(listing: Listing, params: Params) -> None:
    listing.op(f"ldr r0, [sp, #{_INPUT}]", f"ldr r1, [sp, #{_RECORDS}]", f"str r1, [sp, #{_RECORD}]")
    listing.add("r0", "r0", int(params["channels"]), temporary="r1")
    listing.op(f"str r0, [sp, #{_END}]")
    channel = listing.here()
    if params["bands"] == 1:
        _whole(listing, params)
    else:
        _banded(listing, params)
    listing.fetch("r1", "out")
    listing.op("adds r1, #1")
    listing.keep("out", "r1")
    listing.op(
        f"ldr r0, [sp, #{_INPUT}]",
        f"ldr r1, [sp, #{_END}]",
        "adds r0, #1",
        f"str r0, [sp, #{_INPUT}]",
        "cmp r0, r1",
    )
    listing.branch("bne", channel)


def _record(listing: Listing, params: Params, *, borders: bool) -> None:
    listing.op(f"ldr r0, [sp, #{_RECORD}]")
    load_record(listing, params, keep_weights=True, borders=borders)
    listing.op(f"str r0, [sp, #{_RECORD}]")


def _whole(listing: Listing, params: Params) -> None:
    """One channel in one go."""
    rows, columns, pitch = (int(params[name]) for name in ("in_rows", "in_columns", "pitch"))
    turned = params["in_row"] < params["in_column"]
    listing.op(f"ldr r0, [sp, #{_INPUT}]")
    listing.fetch("r1", "plane")
    listing.add("r1", "r1", int(params["pad_left"]))
    Gather(
        height=columns if turned else rows,
        width=rows if turned else columns,
        pixel=int(params["channels"]),
        down=1 if turned else pitch,
        right=pitch if turned else 1,
    ).emit(listing)
    _record(listing, params, borders=True)
    _strips(listing, params)


def _banded(listing: Listing, params: Params) -> None:
    """One channel band by band: rows into the plane, strips, and the last two rows to the plane's top."""
    pitch, rows, top = int(params["pitch"]), int(params["band_rows"]), int(params["pad_top"])
    bottom = int(params["out_rows"]) + 2 - top - int(params["in_rows"])
    zero_point, bands = int(params["zero_point"]), int(params["bands"])
    _record(listing, params, borders=False)
    listing.constant("r0", bands)
    listing.op(f"str r0, [sp, #{_BANDS}]", f"ldr r0, [sp, #{_INPUT}]")
    listing.fetch("r1", "plane")
    if top:
        fill_row(listing, pitch=pitch, value=zero_point)
    listing.add("r1", "r1", int(params["pad_left"]))
    listing.constant("r2", rows + 2 - top)
    band, done = listing.here(), listing.label()
    width, channels = int(params["in_columns"]), int(params["channels"])
    Gather(height=rows, width=width, pixel=channels, down=pitch, right=1).emit_rows(listing)
    listing.keep("from", "r0")
    if bottom:
        _fill_last(listing, params)
    for name, register in (("w0", "r1"), ("w1", "r2"), ("w2", "r3"), ("u", "r4"), ("v", "r5")):
        listing.fetch(register, name)
    _strips(listing, params)
    listing.fetch("r0", "out")
    listing.add("r0", "r0", rows * int(params["out_row"]), temporary="r1")
    listing.keep("out", "r0")
    listing.op(f"ldr r12, [sp, #{_BANDS}]", "subs r12, r12, #1", f"str r12, [sp, #{_BANDS}]")
    listing.branch("beq", done)
    listing.fetch("r1", "plane")
    listing.add("r0", "r1", rows * pitch, temporary="r2")
    move_rows(listing, words=2 * pitch // 4)
    listing.fetch("r0", "from")
    listing.fetch("r1", "plane")
    listing.add("r1", "r1", 2 * pitch + int(params["pad_left"]))
    listing.constant("r2", rows)
    if bottom:
        listing.op("cmp r12, #1", "it eq; subeq r2, r2, #1")
    listing.branch("b", band)
    listing.place(done)
    listing.fetch("r1", "out")
    listing.add("r1", "r1", -bands * rows * int(params["out_row"]), temporary="r2")
    listing.keep("out", "r1")


def _fill_last(listing: Listing, params: Params) -> None:
    """In the last band the plane's last row lies outside."""
    pitch, inside = int(params["pitch"]), listing.label()
    listing.op(f"ldr r12, [sp, #{_BANDS}]", "cmp r12, #1")
    listing.branch("bne", inside)
    listing.fetch("r1", "plane")
    listing.add("r1", "r1", (int(params["plane_rows"]) - 1) * pitch, temporary="r2")
    fill_row(listing, pitch=pitch, value=int(params["zero_point"]))
    listing.place(inside)


def _strips(listing: Listing, params: Params) -> None:
    """From the right to the left; an odd number of columns ends with one that is computed twice."""
    columns, out_column = int(params["out_columns"]), int(params["out_column"])
    listing.constant("r6", columns - 2)
    strip = listing.here(aligned=True)
    listing.keep("column", "r6")
    listing.fetch("r0", "plane")
    listing.fetch("r7", "out")
    listing.constant("r8", out_column)
    listing.op("mla r7, r6, r8, r7", "add.w r0, r0, r6")
    listing.keep("q", "r7")
    StripWriter(listing, params).write()
    listing.fetch("r6", "column")
    listing.op("subs r6, #2")
    listing.branch("bpl", strip)
    if columns % 2:
        listing.op("adds r6, #1")
        listing.branch("beq", strip)


def _next_image(listing: Listing, params: Params) -> None:
    """The pointers are at the channel behind the last; the flags tell whether an image is left."""
    channels = int(params["channels"])
    inside = int(params["in_rows"]) * int(params["in_columns"])
    outputs = int(params["out_rows"]) * int(params["out_columns"])
    listing.op(f"ldr r0, [sp, #{_INPUT}]")
    listing.add("r0", "r0", (inside - 1) * channels, temporary="r2")
    listing.op(f"str r0, [sp, #{_INPUT}]")
    listing.fetch("r1", "out")
    listing.add("r1", "r1", (outputs - 1) * channels, temporary="r2")
    listing.keep("out", "r1")
    listing.op(f"ldr r0, [sp, #{_BATCH}]", "subs r0, #1", f"str r0, [sp, #{_BATCH}]")
