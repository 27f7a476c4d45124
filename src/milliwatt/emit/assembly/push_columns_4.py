# SPDX-License-Identifier: Apache-2.0
"""Assembly of mw_push_columns_4: eight words at a time, which are all loaded before the first is stored."""

from __future__ import annotations

from milliwatt.emit.assembly import Params
from milliwatt.emit.assembly.copying import copy_words
from milliwatt.emit.assembly.listing import Listing

_LINES = 4  # of eight words that one turn moves


def body(params: Params) -> str:
    """The function: arguments input and line in r0 and r1. r2 reads the line, r3 counts turns, r12 blocks."""
    code = Listing()
    kept, added, blocks = (int(params[name]) for name in ("kept", "added", "blocks"))
    code.op("push {r4-r11, lr}")
    code.constant("r12", blocks)
    again = code.here()
    code.constant("r3", 4 * added)
    code.op("add r2, r1, r3")
    _move_down(code, kept)
    copy_words(code, added, source="r0", target="r1", counter="r3")
    if blocks > 1:
        code.op("subs r12, #1")
        code.branch("bne.w", again)
    code.op("pop {r4-r11, pc}")
    return code.text()


def _move_down(code: Listing, words: int) -> None:
    """Words from r2 to r1, which lies below; both end behind them. Uses r3 to r11."""
    turns, rest = divmod(words, 8 * _LINES)
    if turns:
        code.constant("r3", turns)
        again = code.here(aligned=True)
        for _ in range(_LINES):
            code.op("ldm r2!, {r4-r11}", "stm r1!, {r4-r11}")
        code.op("subs r3, #1")
        code.branch("bne", again)
    copy_words(code, rest, source="r2", target="r1", counter="r3")
