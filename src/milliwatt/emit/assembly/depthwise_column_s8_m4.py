# SPDX-License-Identifier: Apache-2.0
"""Assembly of mw_depthwise_column_s8_m4: four channels by two taps in 19 cycles.

Registers: r0 the input, r1 the output, r2 the records; r3 the taps' input where they are taken in turns, then the base
of rounding constants; r8 to r11 the sums of four channels; the rest is temporary. Halfwords of both taps are put
together before they are widened, so that one SMLAD serves two taps of a channel; weights lie in that order.
All loads of the loop have 32 bits, so that 32-bit instructions stay on word addresses.
"""

from __future__ import annotations

from dataclasses import dataclass

from milliwatt.emit.assembly import Params
from milliwatt.emit.assembly.listing import Listing
from milliwatt.emit.assembly.short_rescale import limit, multiply

_SUMS = ("r8", "r9", "r10", "r11")
_MANTISSAS = ("r4", "r5", "r6", "r7")
_MOST_PAIRS = 9  # of taps in a turn: all that runs per four channels then fits the instruction cache
_REACH = 4095  # the largest offset of LDR


@dataclass(frozen=True)
class Turns:
    """How the pairs of taps are taken.

    Attributes:
        pairs: of one turn.
        count: turns.
        bytes: of input that a turn covers.
    """

    pairs: int
    count: int
    bytes: int


def turns(channels: int, taps: int) -> Turns:
    """As many pairs a turn as code and offsets allow."""
    pairs = taps // 2
    fits = (
        one
        for one in range(min(pairs, _MOST_PAIRS), 0, -1)
        if pairs % one == 0 and 2 * one * channels <= _REACH
    )
    each = next(fits, 0)
    return Turns(each, pairs // each if each else 0, 2 * each * channels)


def body(params: Params) -> str:
    """The function: arguments input, output and records in r0 to r2."""
    code = Listing()
    code.op("push {r4-r11, lr}")
    way = turns(int(params["channels"]), int(params["taps"]))
    _constants(code, params, way)
    group = code.here(aligned=True)
    code.op("ldm.w r2!, {r8-r11}")
    used = _products(code, params, way)
    _outputs(code, params, used)
    code.fetch("r4", "end")
    code.op("adds r0, #4", "cmp r0, r4")
    code.branch("bne.w", group)
    code.op("pop {r4-r11, pc}")
    return code.text()


def _constants(code: Listing, params: Params, way: Turns) -> None:
    """The end of the channels, the rounding constant or its base, and how far the turns go, into S registers."""
    code.add("r3", "r0", int(params["channels"]), temporary="r4")
    code.keep("end", "r3")
    code.constant("r3", int(params["base"]))
    code.keep("base", "r3")
    if way.count > 1:
        code.constant("r3", way.count * way.bytes)
        code.keep("span", "r3")


def _products(code: Listing, params: Params, way: Turns) -> int:
    """All taps of four channels; the bytes of records behind r2 that are used up."""
    channels, used, source, behind = int(params["channels"]), 0, "r0", way.bytes
    if way.count > 1:
        source, behind = "r3", 0
        code.op("mov.w r3, r0")
        again = code.here()
    for pair in range(way.pairs):
        _pair(code, source, 2 * pair * channels, channels, weights=8 * pair)
    used = 8 * way.pairs
    if way.count > 1:
        code.fetch("r12", "span")
        code.op(f"add.w r2, r2, #{used}", "add r12, r0", f"addw r3, r3, #{way.bytes}", "cmp.w r3, r12")
        code.branch("bne.w", again)
        used = 0
    if int(params["taps"]) % 2:
        _last_tap(code, source, behind, weights=used)
        used += 4
    return used


def _pair(code: Listing, source: str, offset: int, channels: int, *, weights: int) -> None:
    """Two taps of four channels."""
    code.op(f"ldr.w r4, [{source}, #{offset}]", f"ldr.w r5, [{source}, #{offset + channels}]")
    code.op(f"ldr.w r6, [r2, #{weights}]", f"ldr.w r7, [r2, #{weights + 4}]")
    code.op("pkhbt r12, r4, r5, lsl #16", "pkhtb r5, r5, r4, asr #16")
    _two_channels(code, data="r12", weights="r6", sums=("r8", "r9"))
    _two_channels(code, data="r5", weights="r7", sums=("r10", "r11"))


def _two_channels(code: Listing, *, data: str, weights: str, sums: tuple[str, str]) -> None:
    """Two taps of two channels; data and weights are used up. Uses r4 and lr."""
    code.op(
        f"sxtb16 lr, {data}, ror #8",
        f"sxtb16 r4, {weights}, ror #8",
        f"sxtb16 {data}, {data}",
        f"sxtb16 {weights}, {weights}",
        f"smlad {sums[1]}, lr, r4, {sums[1]}",
        f"smlad {sums[0]}, {data}, {weights}, {sums[0]}",
    )


def _last_tap(code: Listing, source: str, offset: int, *, weights: int) -> None:
    """One tap of four channels."""
    code.op(f"ldr.w r4, [{source}, #{offset}]", f"ldr.w r6, [r2, #{weights}]")
    code.op("sxtb16 r5, r4, ror #8", "sxtb16 r4, r4", "sxtb16 r7, r6, ror #8", "sxtb16 r6, r6")
    code.op(
        "smlabb r8, r4, r6, r8", "smlabb r9, r5, r7, r9", "smlatt r10, r4, r6, r10", "smlatt r11, r5, r7, r11"
    )


def _outputs(code: Listing, params: Params, used: int) -> None:
    """Sums to outputs; the records and the output move on. Uses r3 to r7, r12 and lr."""
    own = int(params["shift"]) < 0
    for index, mantissa in enumerate(_MANTISSAS):
        code.op(f"ldr.w {mantissa}, [r2, #{used + 4 * index}]")
    if own:
        code.op(f"ldr.w lr, [r2, #{used + 16}]")
    code.op(f"addw r2, r2, #{used + (20 if own else 16)}")
    code.fetch("r3", "base")
    for index, (total, mantissa) in enumerate(zip(_SUMS, _MANTISSAS, strict=True)):
        if params["doubled"]:
            code.op(f"lsl {total}, {total}, #1")
        if own:
            code.op("lsl r12, r3, lr")
        nudge = "r12" if own else "r3"
        multiply(code, params, (total,), mantissa=mantissa, nudge=nudge, temporary="r12")
        if own:
            # The byte in the register is one less than the shift.
            code.op(f"asr {total}, {total}, lr", *(["lsr lr, lr, #8"] if index < len(_SUMS) - 1 else []))
        limit(code, {**params, "shift": 1} if own else params, (total,))
    for index, total in enumerate(_SUMS):
        code.op(f"strb {total}, [r1, #{index}]")
    code.op("adds r1, #4")
