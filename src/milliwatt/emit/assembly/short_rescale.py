# SPDX-License-Identifier: Apache-2.0
"""Assembly of mw_short_rescale.h: one multiplication, one shift, and the limits that the shift does not give."""

from __future__ import annotations

from collections.abc import Sequence

from milliwatt.emit.assembly import Params
from milliwatt.emit.assembly.listing import Listing


def multiply(
    listing: Listing,
    params: Params,
    sums: Sequence[str],
    *,
    mantissa: str,
    nudge: str,
    temporary: str = "",
) -> None:
    """Multiply accumulators, in their registers, and add the rounding constant.

    Args:
        listing: where to append.
        params: ``rounded`` and ``negative``, as in the C form.
        sums: registers of the accumulators.
        mantissa, nudge: registers that hold the channel's.
        temporary: a free register, wanted when ``negative``.
    """
    verb = "smmlar" if params["rounded"] else "smmla"
    for value in sums:
        added = nudge
        if params["negative"]:
            listing.op(f"add {temporary}, {nudge}, {value}, asr #31")
            added = temporary
        listing.op(f"{verb} {value}, {value}, {mantissa}, {added}")


def limit(listing: Listing, params: Params, sums: Sequence[str], *, shift: str = "") -> None:
    """Shift products and limit them to the output's range.

    Args:
        listing: where to append.
        params: ``shift``, ``low`` and ``high``, as in the C form.
        sums: registers of the products.
        shift: the register with the channel's shift, wanted when the parameter is negative.
    """
    for value in sums:
        _limit(listing, params, value, shift)


def _limit(listing: Listing, params: Params, value: str, shift: str) -> None:
    """IT stands in a line with the instruction that it governs: lines may go to different statements of C."""
    low, high, bits = int(params["low"]), int(params["high"]), int(params["shift"])
    shifted = f", asr #{bits}" if bits > 0 else ""
    if bits < 0:
        listing.op(f"asr {value}, {value}, {shift}")
    width = (high + 1).bit_length() - 1
    if low == 0 and high == (1 << width) - 1:
        listing.op(f"usat {value}, #{width}, {value}{shifted}")
        return
    listing.op(f"ssat {value}, #8, {value}{shifted}")
    if low > -128:
        listing.op(f"cmp {value}, #{low}", f"it lt; movlt {value}, #{low}")
    if high < 127:
        listing.op(f"cmp {value}, #{high}", f"it gt; movgt {value}, #{high}")
