# SPDX-License-Identifier: Apache-2.0
"""Assembly of mw_depthwise_3x3_stride_2_s8_m4: bands of rows, channels, strips of two columns from the right."""

from __future__ import annotations

from milliwatt.emit.assembly import Params
from milliwatt.emit.assembly.depthwise_record import load_record
from milliwatt.emit.assembly.depthwise_stride_2_strip import StrideTwoStrip
from milliwatt.emit.assembly.listing import Listing

_INPUT, _OUTPUT, _BANDS, _RECORDS, _BAND, _BANDS_LEFT, _RECORD, _CHANNELS_LEFT, _IMAGES_LEFT = range(0, 36, 4)
_FRAME = 40
"""The stack: the image and its output, the first band and record, the next of each and how many are left."""

_LONG = 16
"""Rows from which on two steps a turn are worth their bytes: for fewer, the code had better stay in the cache."""


def body(params: Params) -> str:
    """The whole function; r0 input, r1 output, r2 bands, r3 channel records."""
    listing = Listing()
    listing.op("push {r4-r11, lr}", f"sub sp, #{_FRAME}")
    listing.op(f"strd r0, r1, [sp, #{_INPUT}]", f"strd r2, r3, [sp, #{_BANDS}]")
    batches = int(params["batches"])
    if batches > 1:
        listing.constant("r0", batches)
        listing.op(f"str r0, [sp, #{_IMAGES_LEFT}]")
        image = listing.here()
    _bands(listing, params)
    if batches > 1:
        listing.op(f"ldrd r0, r1, [sp, #{_INPUT}]")
        listing.add("r0", "r0", int(params["in_image"]), temporary="r2")
        listing.add("r1", "r1", int(params["out_image"]), temporary="r2")
        listing.op(f"strd r0, r1, [sp, #{_INPUT}]")
        _count_down(listing, _IMAGES_LEFT, image)
    listing.op(f"add sp, #{_FRAME}", "pop {r4-r11, pc}")
    return listing.text()


def _count_down(listing: Listing, place: int, label: int) -> None:
    """Back to the label while something is left."""
    listing.op(f"ldr r0, [sp, #{place}]", "subs r0, #1", f"str r0, [sp, #{place}]")
    listing.branch("bne", label)


def _bands(listing: Listing, params: Params) -> None:
    listing.op(f"ldr r0, [sp, #{_BANDS}]", f"str r0, [sp, #{_BAND}]")
    listing.constant("r0", int(params["bands"]))
    listing.op(f"str r0, [sp, #{_BANDS_LEFT}]")
    band = listing.here()
    listing.op(f"ldr r2, [sp, #{_BAND}]", "ldm r2!, {r5-r9}", f"str r2, [sp, #{_BAND}]")
    listing.op(f"ldrd r0, r1, [sp, #{_INPUT}]", "add r0, r0, r5", "add r1, r1, r6")
    for name, register in (("in", "r0"), ("out", "r1"), ("steps", "r7"), ("above", "r8"), ("below", "r9")):
        listing.keep(name, register)
    listing.op(f"ldr r0, [sp, #{_RECORDS}]", f"str r0, [sp, #{_RECORD}]")
    listing.constant("r0", int(params["channels"]))
    listing.op(f"str r0, [sp, #{_CHANNELS_LEFT}]")
    _channels(listing, params)
    _count_down(listing, _BANDS_LEFT, band)


def _channels(listing: Listing, params: Params) -> None:
    channel = listing.here()
    listing.op(f"ldr r0, [sp, #{_RECORD}]")
    load_record(listing, params, keep_weights=False)
    listing.op(f"str r0, [sp, #{_RECORD}]")
    _strips(listing, params)
    for name in ("in", "out"):
        listing.fetch("r0", name)
        listing.op("adds r0, #1")
        listing.keep(name, "r0")
    _count_down(listing, _CHANNELS_LEFT, channel)


def strips_of(params: Params) -> list[tuple[list[int], bool, bool]]:
    """Strips from right to left, in groups that share code: first columns, x0 outside, x4 outside.

    An odd number of columns ends with one that is computed twice.
    """
    columns = int(params["out_columns"])
    firsts = list(range(columns - 2, -1, -2)) + ([0] if columns % 2 else [])
    groups: list[tuple[list[int], bool, bool]] = []
    for first in firsts:
        left = first == 0 and int(params["pad_left"]) > 0
        right = first == columns - 2 and int(params["pad_right"]) > 0
        if groups and groups[-1][1:] == (left, right):
            groups[-1][0].append(first)
        else:
            groups.append(([first], left, right))
    return groups


def _strips(listing: Listing, params: Params) -> None:
    long = params["out_image"] >= _LONG * params["out_row"]
    for firsts, left, right in strips_of(params):
        listing.constant("r12", firsts[0])
        loop = listing.here(aligned=True)
        if len(firsts) > 1:
            listing.keep("column", "r12")
        StrideTwoStrip(listing, params, left=left, right=right, unrolled=long and len(firsts) > 1).write()
        if len(firsts) > 1:
            odd = firsts[-2] - firsts[-1] == 1
            listing.fetch("r12", "column")
            listing.op("subs r12, r12, #2", f"cmp r12, #{firsts[-2] if odd else firsts[-1]}")
            listing.branch("bge", loop)
            if odd:
                # Behind column 1 comes column 0.
                listing.op("adds r12, r12, #1")
                listing.branch("beq", loop)
