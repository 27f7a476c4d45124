# SPDX-License-Identifier: Apache-2.0
"""Assembly of mw_fully_connected_s8_m4: eight filters by four inputs in 34 cycles, or 35 with inputs as bytes.

Registers of the inner loop: r4 the weights and r5 the inputs, both 4 bytes behind the next word, so that the last
load of a turn moves them by its write-back; r0 and r1 four widened inputs, r2 and r3 the words of a pair of filters;
r6 to r12 and lr the sums of four pairs. A pair takes five instructions for four inputs: both sums of f and g by SMLAD
on packed weights, the products of sums by SXTAB16 on either word and one SMLAD. Loads stand in rows, which cost one
cycle each besides one for the row; those of 16 bits come in even numbers, so that 32-bit instructions stay on word
addresses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from milliwatt.emit.assembly.listing import Listing

Params = Mapping[str, int | float]

_SUMS = ("r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr")
_WORDS_AT_ONCE = 4  # that the loop over a row widens per turn


def body(params: Params) -> str:
    """The function: arguments input, output, scratch, layer in r0 to r3, weights on the stack."""
    code = Listing()
    code.op("push {r4-r11, lr}")
    _constants(code, params)
    row = code.here()
    _prepare_row(code, params)
    code.fetch("r4", "weights")
    if params["octets"]:
        _octets(code, params)
    left = int(params["rest"])
    while left:
        filters = 2 * pairs_together(left)
        _group(code, params, filters=filters, stored=min(filters, left))
        left -= min(filters, left)
    _next_row(code, params)
    code.fetch("r0", "rows")
    code.op("subs r0, #1")
    code.keep("rows", "r0")
    code.branch("bne", row)
    code.op("pop {r4-r11, pc}")
    return code.text()


def _constants(code: Listing, params: Params) -> None:
    """Arguments and the layer's constants into S registers. Pointers of the loops lie 4 bytes lower."""
    code.op("ldr r12, [sp, #36]", "sub r12, #4", "ldm r3!, {r4-r6}")
    # r4 rows, r5 words, r6 units
    if params["widened"]:
        code.op("sub r2, #4", "add r7, r2, r5, lsl #3")
    else:
        code.op("sub r2, r0, #4", "lsl r7, r5, #2")
        code.keep("row_bytes", "r7")
        code.op("add r7, r2, r7")
    named = (
        ("input", "r0"),
        ("output", "r1"),
        ("inputs", "r2"),
        ("inputs_end", "r7"),
        ("rows", "r4"),
        ("units", "r6"),
        ("weights", "r12"),
    )
    for name, register in named:
        code.keep(name, register)
    if params["uniform"]:
        code.op("ldm r3, {r4-r9}")
        code.keep("shift_f", "r4")
        code.keep("shift_g", "r5")
        code.keep("mantissa", "r6")
        code.keep("offset_f", "r7")
        code.keep(*(("jump", "r9") if params["jumps"] else ("offset_g", "r8")))


def _prepare_row(code: Listing, params: Params) -> None:
    """The products that no filter changes; the widened row, or where the row lies.

    r0 is the input, r1 scratch if the row is widened, r2 where the loop ends, r3 the sum of products.
    """
    tail = int(params["tail"])
    code.fetch("r0", "input")
    code.fetch("r2", "inputs_end")
    if params["widened"]:
        code.fetch("r1", "inputs")
        code.op("add r1, #4")
    code.op("subs r2, #4" if tail else "adds r2, #4", "movs r3, #0")
    pointer = "r1" if params["widened"] else "r0"
    end = code.label()
    if tail:
        code.op(f"cmp {pointer}, r2")
        code.branch("beq", end)
    again = code.here()
    _row_turn(code, params)
    code.op(f"cmp {pointer}, r2")
    code.branch("bne", again)
    code.place(end)
    if tail:
        _row_tail(code, tail)
    code.keep("input", "r0")
    code.keep("products", "r3")


def _row_turn(code: Listing, params: Params) -> None:
    """Widens up to four words of a row, of which even and odd inputs fill two registers each."""
    most = 1 if params["tail"] else _WORDS_AT_ONCE
    count = max(words for words in range(1, most + 1) if params["unroll"] % words == 0)
    registers = [f"r{4 + 2 * index}" for index in range(count)]
    code.op(*(f"ldr {register}, [r0, #{4 * index}]" for index, register in enumerate(registers) if index))
    code.op(f"ldr r4, [r0], #{4 * count}")
    for index in range(count):
        _widen_word(code, 4 + 2 * index)
    if params["widened"]:
        code.op(f"stm r1!, {{r4-r{3 + 2 * count}}}")


def _widen_word(code: Listing, number: int) -> None:
    """The bytes of a register into itself (0 and 2) and the next (1 and 3); their products into r3."""
    even, odd = f"r{number}", f"r{number + 1}"
    code.op(f"sxtb16 {odd}, {even}, ror #8", f"sxtb16 {even}, {even}", f"smlad r3, {even}, {odd}, r3")


def _row_tail(code: Listing, count: int) -> None:
    """One to three inputs that are left; the rest of their word is 0."""
    code.op(*(f"ldrb r{4 + index}, [r0, #{index}]" for index in range(count)), f"adds r0, #{count}")
    for index in range(1, count):
        code.op(f"orr r4, r4, r{4 + index}, lsl #{8 * index}")
    _widen_word(code, 4)
    code.op("stm r1!, {r4-r5}")


def pairs_together(units: int) -> int:
    """Pairs of filters that are computed at a time when so many units are left."""
    return next(pairs for least, pairs in ((7, 4), (3, 2), (1, 1)) if units >= least)


def _octets(code: Listing, params: Params) -> None:
    """All whole eights of filters of a row; the output moves behind them."""
    code.fetch("r0", "output")
    code.fetch("r1", "units")
    code.op("bic r1, r1, #7", "add r1, r0")
    code.keep("end", "r1")
    octet = code.here(aligned=True)
    _group(code, params, filters=8, stored=8)
    code.fetch("r0", "end")
    code.op("cmp r3, r0")
    code.branch("bne", octet)


def _group(code: Listing, params: Params, *, filters: int, stored: int) -> None:
    """Two, four or eight filters, the last of which may be missing; the output moves behind them."""
    sums = _SUMS[:filters]
    code.fetch("r5", "inputs")
    code.op(*(f"ldr.w {register}, [r4, #{4 + 4 * index}]" for index, register in enumerate(sums[:-1])))
    code.op(f"ldr {sums[-1]}, [r4, #{4 * filters}]!")
    turn = int(params["unroll"])
    again = code.here(aligned=True)
    for word in range(turn):
        _step(code, params, word, turn=turn, sums=sums)
    _branch_until_end(code, again)
    _rescale(code, params, sums)
    code.fetch("r3", "output")
    code.op(*(f"strb {register}, [r3, #{index}]" for index, register in enumerate(sums[:stored])))
    code.op(f"adds r3, #{stored}")
    code.keep("output", "r3")


def _branch_until_end(code: Listing, again: int) -> None:
    """Repeat while inputs are left. Uses r2; all instructions have 32 bits for a loop of any length."""
    code.fetch("r2", "inputs_end")
    code.op("cmp.w r5, r2")
    code.branch("bne.w", again)


def _next_row(code: Listing, params: Params) -> None:
    """Where inputs are read as they are, the next row lies behind this one. Uses r0 to r2."""
    if not params["widened"]:
        code.fetch("r0", "row_bytes")
        code.fetch("r1", "inputs_end")
        code.keep("inputs", "r1")
        code.op("add r1, r0")
        code.keep("inputs_end", "r1")


def _step(code: Listing, params: Params, word: int, *, turn: int, sums: Sequence[str]) -> None:
    """Word ``word`` of a turn of ``turn`` words of inputs, times all pairs of a group."""
    pairs, back = len(sums) // 2, "!" if word + 1 == turn else ""
    far = 8 * pairs * word
    last = back if pairs == 1 else ""
    if params["widened"]:
        wide = ".w" if back and not last else ""
        code.op(f"ldr r0, [r5, #{8 * word + 4}]", f"ldr r2, [r4, #{far + 4}]")
        code.op(f"ldr{wide} r3, [r4, #{far + 8}]{last}", f"ldr r1, [r5, #{8 * word + 8}]{back}")
    else:
        code.op(f"ldr{'.w' if last else ''} r2, [r4, #{far + 4}]", f"ldr r3, [r4, #{far + 8}]{last}")
        code.op(f"ldr.w r0, [r5, #{4 * word + 4}]{back}", "sxtb16 r1, r0, ror #8", "sxtb16 r0, r0")
    _pair_step(code, *sums[:2])
    for pair in range(1, pairs):
        last, near = back if pair == pairs - 1 else "", far + 8 * pair
        code.op(f"ldr{'.w' if last else ''} r2, [r4, #{near + 4}]", f"ldr r3, [r4, #{near + 8}]{last}")
        _pair_step(code, *sums[2 * pair : 2 * pair + 2])


def _pair_step(code: Listing, both: str, g: str) -> None:
    """Four inputs of one pair of filters; the words of weights are used up."""
    code.op(
        f"smlad {both}, r2, r0, {both}",
        "sxtab16 r2, r1, r2",
        f"smlad {both}, r3, r1, {both}",
        "sxtab16 r3, r0, r3",
        f"smlad {g}, r2, r3, {g}",
    )


def _rescale(code: Listing, params: Params, sums: Sequence[str]) -> None:
    """Sums of pairs to outputs, in place: see runtime/include/mw_rescale_fitted.h. Uses r0 to r3 and r5."""
    code.fetch("r0", "products")
    code.op(*(f"sub {g}, {g}, r0" for g in sums[1::2]))
    code.op(*(f"sub {both}, {both}, {g}" for both, g in zip(sums[0::2], sums[1::2], strict=True)))
    if params["uniform"]:
        _rescale_uniform(code, params, sums)
    elif params["jumps"]:
        _rescale_with_jumps(code, params, sums)
    else:
        _rescale_own(code, params, sums)


def _rescale_uniform(code: Listing, params: Params, sums: Sequence[str]) -> None:
    """One multiplier for all filters, and shifts from a table, so that layers share this code."""
    for register, name in (("r0", "mantissa"), ("r1", "offset_f"), ("r3", "shift_f")):
        code.fetch(register, name)
    code.fetch("r2", "jump" if params["jumps"] else "offset_g")
    if not params["jumps"]:
        code.fetch("r5", "shift_g")
    for index, total in enumerate(sums):
        if params["jumps"]:
            code.op(*([f"lsl {total}, {total}, #8"] if index % 2 else []))
            code.op(f"and r5, r2, {total}, asr #31", "add r5, r1")
            _rescale_one(code, params, total, offset="r5", shift="r3")
        else:
            offset, shift = ("r2", "r5") if index % 2 else ("r1", "r3")
            _rescale_one(code, params, total, offset=offset, shift=shift)


def _rescale_own(code: Listing, params: Params, sums: Sequence[str]) -> None:
    """A mantissa and an offset for every filter; those of a pair are loaded in a row."""
    near = int(params["shift"])
    for pair in range(0, len(sums), 2):
        code.op(*(f"ldr r{index}, [r4, #{8 * pair + 4 + 4 * index}]" for index in range(4)))
        _rescale_one(code, params, sums[pair], offset="r1", shift=near + 8)
        _rescale_one(code, params, sums[pair + 1], mantissa="r2", offset="r3", shift=near)
    code.op(f"add.w r4, r4, #{8 * len(sums)}")


def _rescale_with_jumps(code: Listing, params: Params, sums: Sequence[str]) -> None:
    """Where negative sums take another constant; all are scaled by 256 then."""
    for index, total in enumerate(sums):
        code.op("ldr r0, [r4, #4]", "ldr r1, [r4, #8]", "ldr.w r2, [r4, #12]!")
        if index % 2:
            code.op(f"lsl {total}, {total}, #8")
        code.op(f"and r5, r2, {total}, asr #31", "add.w r5, r5, r1")
        _rescale_one(code, params, total, offset="r5", shift=int(params["shift"]))


def _rescale_one(
    code: Listing, params: Params, total: str, *, offset: str, shift: int | str, mantissa: str = "r0"
) -> None:
    """One output; the shift is a number or in a register."""
    code.op(f"smmla {total}, {total}, {mantissa}, {offset}")
    if isinstance(shift, str):
        code.op(f"asr {total}, {total}, {shift}", f"ssat {total}, #8, {total}")
    else:
        code.op(f"ssat {total}, #8, {total}, asr #{shift}")
    for limit, side, condition in ((-128, "low", "lt"), (127, "high", "gt")):
        value = int(params[side])
        if value != limit:
            # In one line: an IT block must not be divided between two asm statements.
            code.op(f"cmp {total}, #{value}", f"it {condition}; mov{condition} {total}, #{value}")
