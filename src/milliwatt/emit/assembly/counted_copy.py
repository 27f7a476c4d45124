# SPDX-License-Identifier: Apache-2.0
"""Loops that copy or fill as many words or bytes as a register says."""

from __future__ import annotations

from milliwatt.emit.assembly.listing import Listing


def copy_words(code: Listing, *, source: str, target: str, count: str) -> None:
    """Copy a number of aligned words, any; source and target end behind them, the count at 0. Uses r4 to r11."""
    rest, done = code.label(), code.label()
    code.op(f"subs {count}, #8")
    code.branch("blt", rest)
    again = code.here()
    code.op(f"ldm {source}!, {{r4-r11}}", f"stm {target}!, {{r4-r11}}", f"subs {count}, #8")
    code.branch("bge", again)
    code.place(rest)
    code.op(f"adds {count}, #8")
    code.branch("beq", done)
    _one_by_one(code, source, target, count)
    code.place(done)


def _one_by_one(code: Listing, source: str, target: str, count: str) -> None:
    again = code.here()
    # The count between: a load right behind a store would wait for it.
    code.op(f"ldr r4, [{source}], #4", f"str r4, [{target}], #4", f"subs {count}, #1")
    code.branch("bne", again)


def copy_bytes(code: Listing, *, source: str, target: str, count: str) -> None:
    """Copy a number of bytes, any, between any addresses. Source, target and count change. Uses r4 to r7.

    Four loads in a row take five cycles, and no load follows a store.
    """
    words, last, byte, done = code.label(), code.label(), code.label(), code.label()
    code.op(f"subs {count}, #16")
    code.branch("blt", words)
    again = code.here()
    code.op(*(f"ldr r{4 + index}, [{source}, #{4 * index}]" for index in range(4)))
    code.op(f"add {source}, #16")
    code.op(*(f"str r{4 + index}, [{target}, #{4 * index}]" for index in range(4)))
    code.op(f"add {target}, #16", f"subs {count}, #16")
    code.branch("bge", again)
    code.place(words)
    code.op(f"adds {count}, #12")
    code.branch("blt", last)
    word = code.here()
    code.op(f"ldr r4, [{source}], #4", f"str r4, [{target}], #4", f"subs {count}, #4")
    code.branch("bge", word)
    code.place(last)
    code.op(f"adds {count}, #4")
    code.branch("beq", done)
    code.place(byte)
    code.op(f"ldrb r4, [{source}], #1", f"strb r4, [{target}], #1", f"subs {count}, #1")
    code.branch("bne", byte)
    code.place(done)


def fill_words(code: Listing, *, target: str, value: str, count: str) -> None:
    """Fill words with a register, as many as a number of bytes touches. Target and count change."""
    again = code.here()
    code.op(f"str {value}, [{target}], #4", f"subs {count}, #4")
    code.branch("bgt", again)
