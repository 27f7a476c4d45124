# SPDX-License-Identifier: Apache-2.0
"""Loops that copy or fill bytes, of lengths known when they are written."""

from __future__ import annotations

from milliwatt.emit.assembly.listing import Listing

_WORDS = 8  # that one LDM and STM move


def copy_words(code: Listing, words: int, *, source: str, target: str, counter: str) -> None:
    """Copy whole, aligned words by LDM and STM; source and target end behind them. Uses r4 to r11."""
    turns, rest = divmod(words, _WORDS)
    if turns > 1:
        code.constant(counter, turns)
        again = code.here()
        _move(code, _WORDS, source, target)
        code.op(f"subs {counter}, #1")
        code.branch("bne", again)
    elif turns:
        _move(code, _WORDS, source, target)
    if rest:
        _move(code, rest, source, target)


def _move(code: Listing, words: int, source: str, target: str) -> None:
    if words == 1:
        code.op(f"ldr r4, [{source}], #4", f"str r4, [{target}], #4")
    else:
        registers = f"r4-r{3 + words}"
        code.op(f"ldm {source}!, {{{registers}}}", f"stm {target}!, {{{registers}}}")
