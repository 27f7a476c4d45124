# SPDX-License-Identifier: Apache-2.0
"""Loads the record of one channel of a depthwise 3x3 kernel: weights into registers, constants into S registers."""

from __future__ import annotations

from milliwatt.emit.assembly import Params
from milliwatt.emit.assembly.listing import Listing


def load_record(listing: Listing, params: Params, *, keep_weights: bool, borders: bool = True) -> None:
    """The record at r0, which moves to the next one.

    r1 to r3 get the first three words, a pair of each row of weights; r4 the third weights of rows 0 and 1; r5
    that of row 1 again and that of row 2. S registers get ``bias``, ``mantissa``, ``nudge``, ``shift`` where channels
    have their own, and, with ``borders`` and unless the zero point is 0, ``first`` and ``bottom``: the bias where
    row 0 lies outside, and what is added where row 2 does. r6 to r9 change.

    Args:
        listing: where to append.
        params: ``base``, ``shift`` and ``zero_point``.
        keep_weights: whether r1 to r5 are copied to ``w0``, ``w1``, ``w2``, ``u`` and ``v``.
        borders: whether rows lie outside.
    """
    listing.op("ldm r0!, {r1-r7}", "sxth r8, r5", "pkhtb r5, r5, r4, asr #16")
    if keep_weights:
        for name, register in (("w0", "r1"), ("w1", "r2"), ("w2", "r3"), ("u", "r4"), ("v", "r5")):
            listing.keep(name, register)
    listing.keep("bias", "r6")
    listing.keep("mantissa", "r7")
    listing.constant("r9", int(params["base"]))
    if int(params["shift"]) < 0:
        listing.keep("shift", "r8")
        listing.op("subs r8, r8, #1", "lsls r9, r9, r8")
    else:
        listing.op("adds r9, r9, r8")
    listing.keep("nudge", "r9")
    zero_point = int(params["zero_point"]) & 0xFFFF
    if borders and zero_point:
        listing.constant("r8", zero_point | zero_point << 16)
        # The bias, meant for nine inputs, takes back the zero points of rows outside, which are never added.
        listing.op("smlad r9, r1, r8, r6", "smlabb r9, r4, r8, r9")
        listing.keep("first", "r9")
        listing.op("smuad r9, r3, r8", "smlatb r9, r5, r8, r9")
        listing.keep("bottom", "r9")
