# SPDX-License-Identifier: Apache-2.0
"""Assembly of mw_depthwise_1d_s8_m4: for every line and channel, blocks of up to eight outputs."""

from __future__ import annotations

from milliwatt.emit.assembly import Params
from milliwatt.emit.assembly.depthwise_1d_block import Block, even_words, odd_words
from milliwatt.emit.assembly.listing import Listing

_INPUT, _OUTPUT, _RECORDS, _CHANNELS_LEFT, _LINES_LEFT = range(0, 20, 4)
_FRAME = 24
"""The stack: the line and its output, the first record, how many channels and lines are left."""

_REACH = 4095

_CACHE = 1000
"""Bytes of code that stay in an instruction cache of 1 KB."""


def body(params: Params) -> str:
    """The whole function; r0 input, r1 output, r2 channel records."""
    listing = Listing(scalars=32)
    listing.op("push {r4-r11, lr}", "vpush {s16-s31}", f"sub sp, #{_FRAME}")
    listing.op(f"strd r0, r1, [sp, #{_INPUT}]", f"str r2, [sp, #{_RECORDS}]")
    lines = int(params["lines"])
    listing.constant("r3", lines)
    listing.op(f"str r3, [sp, #{_LINES_LEFT}]")
    line = listing.here()
    _line(listing, params)
    if lines > 1:
        listing.op(f"ldrd r0, r1, [sp, #{_INPUT}]", f"ldr r2, [sp, #{_RECORDS}]")
        listing.add("r0", "r0", int(params["in_line"]), temporary="r3")
        listing.add("r1", "r1", int(params["out_line"]), temporary="r3")
        listing.op(f"strd r0, r1, [sp, #{_INPUT}]")
        listing.op(f"ldr r3, [sp, #{_LINES_LEFT}]", "subs r3, #1", f"str r3, [sp, #{_LINES_LEFT}]")
        listing.branch("bne", line)
    listing.op(f"add sp, #{_FRAME}", "vpop {s16-s31}", "pop {r4-r11, pc}")
    return listing.text()


def block_outputs(params: Params) -> int:
    """Outputs of a block: few enough for the registers and the reach of loads, whatever takes least time."""
    taps, step = int(params["taps"]), int(params["step"])
    fitting = [count for count in range(8, 2, -1) if (count + taps - 2) * step <= _REACH]
    return min([*fitting, 2], key=lambda count: _cycles(params, count))


def _cycles(params: Params, size: int) -> float:
    """About what a channel takes, with the instruction cache's misses where its code does not fit."""
    taps = int(params["taps"])
    whole, rest = divmod(int(params["outputs"]), size)
    record = 20 + 5 * (taps + 1)
    once = record + _block_cycles(params, size) * (whole > 0) + _block_cycles(params, rest) * (rest > 0)
    total = once + _block_cycles(params, size) * max(0, whole - 1)
    return total + (once if 4 * once > _CACHE else 0)


def _block_cycles(params: Params, outputs: int) -> float:
    """A block's instructions, and nearly its cycles."""
    taps = int(params["taps"])
    each = (taps + 1) / 2 + 3 + int(params["negative"]) + int(params["shift"] < 0)
    return 1.6 * (outputs + taps - 1) + taps + 13 + outputs * each


def _line(listing: Listing, params: Params) -> None:
    listing.keep("in", "r0")
    listing.keep("out", "r1")
    listing.keep("record", "r2")
    listing.constant("r3", int(params["channels"]))
    listing.op(f"str r3, [sp, #{_CHANNELS_LEFT}]")
    channel = listing.here(aligned=True)
    listing.fetch("r0", "record")
    _record(listing, params)
    listing.keep("record", "r0")
    _blocks(listing, params)
    for name in ("in", "out"):
        listing.fetch("r0", name)
        listing.op("adds r0, #1")
        listing.keep(name, "r0")
    listing.op(f"ldr r0, [sp, #{_CHANNELS_LEFT}]", "subs r0, #1", f"str r0, [sp, #{_CHANNELS_LEFT}]")
    listing.branch("bne", channel)


def _record(listing: Listing, params: Params) -> None:
    """One channel's record at r0, which moves to the next one; its constants and weights go to S registers."""
    taps = int(params["taps"])
    words = (taps + 3) // 4
    listing.op(f"ldm r0!, {{{', '.join(f'r{1 + index}' for index in range(3 + words))}}}")
    listing.keep("bias", "r1")
    listing.keep("mantissa", "r2")
    listing.constant("r8", int(params["base"]))
    if int(params["shift"]) < 0:
        listing.keep("shift", "r3")
        listing.op("subs r3, r3, #1", "lsls r8, r8, r3")
    else:
        listing.op("adds r8, r8, r3")
    listing.keep("nudge", "r8")
    evens = even_words(taps)
    # Pairs as they come: r8 and r9 by turns, so that the one before is at hand.
    for index in range(evens):
        pair, before = ("r8", "r9") if index % 2 == 0 else ("r9", "r8")
        rotated = ", ror #8" if index % 2 else ""
        listing.op(f"sxtb16 {pair}, r{4 + index // 2}{rotated}")
        if params["doubled"]:
            listing.op(f"sadd16 {pair}, {pair}, {pair}")
        listing.keep(f"even{index}", pair)
        if index == 0:
            listing.op("uxth r10, r8")
        else:
            listing.op(f"pkhbt r10, {pair}, {before}")
        listing.keep(f"odd{index}", "r10")
    if odd_words(taps) > evens:
        last = "r8" if evens % 2 else "r9"
        listing.op(f"lsrs r10, {last}, #16", "lsls r10, r10, #16")
        listing.keep(f"odd{evens}", "r10")


def _blocks(listing: Listing, params: Params) -> None:
    size, outputs, step = block_outputs(params), int(params["outputs"]), int(params["step"])
    whole, rest = divmod(outputs, size)
    listing.fetch("r0", "in")
    listing.fetch("lr", "out")
    listing.keep("q", "lr")
    if whole > 1:
        listing.constant("r12", whole * size * step)
        listing.op("add r12, r12, r0")
        listing.keep("end", "r12")
        loop = listing.here(aligned=True)
    if whole:
        Block(listing, params, size).write(moves=whole > 1 or rest > 0)
    if whole > 1:
        listing.fetch("r12", "end")
        listing.op("cmp r0, r12")
        listing.branch("bne", loop)
    if rest:
        Block(listing, params, rest).write(moves=False)
