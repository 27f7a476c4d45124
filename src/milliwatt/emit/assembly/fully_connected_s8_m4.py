# SPDX-License-Identifier: Apache-2.0
"""Assembly of mw_fully_connected_s8_m4: four filters by four inputs in 17 cycles.

Registers of the inner loop: r4 the weights and r5 the widened inputs, both 4 bytes behind the next word, so that the
last load of a turn moves them by its write-back; r8 to r11 the sums of two pairs of filters; lr the inputs' end; the
other seven are operands. A pair takes five instructions for four inputs: both sums of f and g by SMLAD on packed
weights, the products of sums by SXTAB16 on either word and one SMLAD. Loads stand in rows of seven and five, which
cost one cycle each besides one for the row; those of 16 bits come first and in even numbers, so that 32-bit
instructions stay on word addresses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from milliwatt.emit.assembly.listing import Listing
from milliwatt.ops import Rounding

Params = Mapping[str, int | float]

_NEAR_TURN = 4  # words of inputs per turn from which the loop's branch reaches back with 16 bits


def body(params: Params) -> str:
    """The function: arguments input, output, scratch, layer in r0 to r3, weights on the stack."""
    code = Listing()
    code.op("push {r4-r11, lr}")
    _constants(code, params)
    row = code.here()
    _widen(code, params)
    code.fetch("r4", "weights")
    if params["quads"]:
        _quads(code, params)
    if params["pairs"]:
        _pairs(code, params)
    code.fetch("r0", "rows")
    code.op("subs r0, #1")
    code.keep("rows", "r0")
    code.branch("bne", row)
    code.op("pop {r4-r11, pc}")
    return code.text()


def _constants(code: Listing, params: Params) -> None:
    """Arguments and the layer's constants into S registers."""
    code.op("ldr r12, [sp, #36]", "sub r12, #4", "ldm r3, {r4-r9}")
    # r4 rows, r5 words, r6 units, r7 zero point, r8 mantissa, r9 halving
    code.op("sub r2, #4", "add r5, r2, r5, lsl #3", "lsl r7, r7, #1", "add r7, #1")
    if params["uniform"]:
        code.op("lsl r7, r7, r9", "add r9, #1")
        code.keep("mantissa", "r8")
        code.keep("shift", "r9")
    for name, register in (
        ("input", "r0"),
        ("output", "r1"),
        ("inputs", "r2"),
        ("inputs_end", "r5"),
        ("rows", "r4"),
        ("units", "r6"),
        ("nudge", "r7"),
        ("weights", "r12"),
    ):
        code.keep(name, register)


def _widen(code: Listing, params: Params) -> None:
    """One row into scratch, as r0 = input, r1 = scratch, r2 = its end, r3 = the products that no filter changes."""
    code.fetch("r0", "input")
    code.fetch("r1", "inputs")
    code.fetch("r2", "inputs_end")
    tail = int(params["tail"])
    code.op("adds r1, #4", "subs r2, #4" if tail else "adds r2, #4", "movs r3, #0")
    count = 1 if tail else max(words for words in range(1, 5) if params["unroll"] % words == 0)
    end = code.label()
    if tail:
        code.op("cmp r1, r2")
        code.branch("beq", end)
    again = code.here()
    registers = [f"r{4 + 2 * index}" for index in range(count)]
    code.op(*(f"ldr {register}, [r0, #{4 * index}]" for index, register in enumerate(registers) if index))
    code.op(f"ldr r4, [r0], #{4 * count}")
    for index in range(count):
        _widen_word(code, 4 + 2 * index)
    code.op(f"stm r1!, {{r4-r{3 + 2 * count}}}", "cmp r1, r2")
    code.branch("bne", again)
    code.place(end)
    if tail:
        _widen_tail(code, tail)
    code.keep("input", "r0")
    code.keep("products", "r3")


def _widen_word(code: Listing, number: int) -> None:
    """The bytes of a register into itself (0 and 2) and the next (1 and 3)."""
    even, odd = f"r{number}", f"r{number + 1}"
    code.op(f"sxtb16 {odd}, {even}, ror #8", f"sxtb16 {even}, {even}", f"smlad r3, {even}, {odd}, r3")


def _widen_tail(code: Listing, count: int) -> None:
    """One to three inputs that are left; the rest of their word is 0."""
    code.op(*(f"ldrb r{4 + index}, [r0, #{index}]" for index in range(count)), f"adds r0, #{count}")
    for index in range(1, count):
        code.op(f"orr r4, r4, r{4 + index}, lsl #{8 * index}")
    _widen_word(code, 4)
    code.op("stm r1!, {r4-r5}")


def _quads(code: Listing, params: Params) -> None:
    """All whole fours of filters of a row; the output moves behind them."""
    code.fetch("r0", "output")
    code.fetch("r1", "units")
    code.op("bic r1, r1, #3", "add r1, r0")
    code.keep("quads_end", "r1")
    code.fetch("lr", "inputs_end")
    quad = code.here(aligned=True)
    code.fetch("r5", "inputs")
    code.op("ldr r8, [r4, #4]", "ldr r9, [r4, #8]", "ldr r10, [r4, #12]", "ldr r11, [r4, #16]!")
    turn = int(params["unroll"])
    again = code.here()
    for word in range(0, turn - 1, 2):
        _two_words(code, word, turn)
    if turn % 2:
        _one_word(code, turn)
    code.op("cmp r5, lr" if turn <= _NEAR_TURN else "cmp.w r5, lr")
    code.branch("bne", again)
    _rescale(code, params, ("r8", "r9", "r10", "r11"))
    code.fetch("r3", "output")
    code.op(*(f"strb r{8 + index}, [r3, #{index}]" for index in range(4)), "adds r3, #4")
    code.keep("output", "r3")
    code.fetch("r0", "quads_end")
    code.op("cmp r3, r0")
    code.branch("bne", quad)


def _two_words(code: Listing, word: int, turn: int) -> None:
    """Eight inputs of two pairs of filters: input word ``word`` of the turn and the next."""
    near, far = 8 * word, 16 * word
    code.op(f"ldr r0, [r5, #{near + 4}]", f"ldr r1, [r5, #{near + 8}]")
    code.op(f"ldr r2, [r4, #{far + 4}]", f"ldr r3, [r4, #{far + 8}]")
    code.op(f"ldr r6, [r4, #{far + 12}]", f"ldr r7, [r4, #{far + 16}]", f"ldr r12, [r5, #{near + 12}]")
    _pair_step(code, "r8", "r9", weights=("r2", "r6"), inputs=("r0", "r1"))
    _pair_step(code, "r10", "r11", weights=("r3", "r7"), inputs=("r0", "r1"))
    last = word + 2 == turn
    code.op(f"ldr r2, [r4, #{far + 20}]", f"ldr r3, [r4, #{far + 24}]", f"ldr.w r6, [r4, #{far + 28}]")
    code.op(
        f"ldr r1, [r5, #{near + 16}]{'!' if last else ''}", f"ldr r7, [r4, #{far + 32}]{'!' if last else ''}"
    )
    _pair_step(code, "r8", "r9", weights=("r2", "r6"), inputs=("r12", "r1"))
    _pair_step(code, "r10", "r11", weights=("r3", "r7"), inputs=("r12", "r1"))


def _one_word(code: Listing, turn: int) -> None:
    """Four inputs of two pairs of filters: the last of a turn."""
    near, far = 8 * turn, 16 * turn
    code.op(f"ldr r0, [r5, #{near - 4}]", f"ldr r2, [r4, #{far - 12}]", f"ldr r3, [r4, #{far - 8}]")
    code.op(f"ldr r6, [r4, #{far - 4}]", f"ldr r1, [r5, #{near}]!", f"ldr r7, [r4, #{far}]!")
    _pair_step(code, "r8", "r9", weights=("r2", "r6"), inputs=("r0", "r1"))
    _pair_step(code, "r10", "r11", weights=("r3", "r7"), inputs=("r0", "r1"))


def _pair_step(code: Listing, both: str, g: str, *, weights: Sequence[str], inputs: Sequence[str]) -> None:
    """Four inputs of one pair of filters; the words of weights are used up."""
    even, odd = weights
    code.op(
        f"smlad {both}, {even}, {inputs[0]}, {both}",
        f"sxtab16 {even}, {inputs[1]}, {even}",
        f"smlad {both}, {odd}, {inputs[1]}, {both}",
        f"sxtab16 {odd}, {inputs[0]}, {odd}",
        f"smlad {g}, {even}, {odd}, {g}",
    )


def _pairs(code: Listing, params: Params) -> None:
    """The one to three filters behind the last four, two at a time; a missing one is not stored."""
    code.fetch("r0", "output")
    code.fetch("r1", "units")
    code.op("and r1, r1, #3", "add r1, r0")
    code.keep("row_end", "r1")
    code.fetch("lr", "inputs_end")
    end = code.label()
    pair = code.here(aligned=True)
    code.fetch("r5", "inputs")
    code.op("ldr r8, [r4, #4]", "ldr r9, [r4, #8]!")
    again = code.here()
    _pair_turn(code, 2 if params["unroll"] % 2 == 0 else 1)
    code.op("cmp r5, lr")
    code.branch("bne", again)
    _rescale(code, params, ("r8", "r9"))
    code.fetch("r3", "output")
    code.fetch("r0", "row_end")
    code.op("strb r8, [r3], #1", "cmp r3, r0")
    code.branch("beq", end)
    code.op("strb r9, [r3], #1")
    code.keep("output", "r3")
    code.op("cmp r3, r0")
    code.branch("bne", pair)
    code.place(end)
    code.keep("output", "r3")


def _pair_turn(code: Listing, words: int) -> None:
    """One or two words of inputs of one pair of filters."""
    if words == 1:
        code.op("ldr r0, [r5, #4]", "ldr r2, [r4, #4]", "ldr r1, [r5, #8]!", "ldr r3, [r4, #8]!")
    else:
        code.op("ldr r0, [r5, #4]", "ldr r1, [r5, #8]", "ldr r2, [r4, #4]", "ldr r3, [r4, #8]")
        code.op("ldr r6, [r5, #12]", "ldr.w r7, [r4, #12]", "ldr r10, [r5, #16]!", "ldr r11, [r4, #16]!")
    _pair_step(code, "r8", "r9", weights=("r2", "r3"), inputs=("r0", "r1"))
    if words == 2:
        _pair_step(code, "r8", "r9", weights=("r7", "r11"), inputs=("r6", "r10"))


def _rescale(code: Listing, params: Params, sums: Sequence[str]) -> None:
    """Sums of pairs to outputs, in place: what mw_output_s8_of does. Uses r0 to r3."""
    code.fetch("r0", "products")
    code.op(*(f"sub {g}, {g}, r0" for g in sums[1::2]))
    code.op(*(f"sub {both}, {both}, {g}" for both, g in zip(sums[0::2], sums[1::2], strict=True)))
    if params["uniform"]:
        code.fetch("r0", "mantissa")
        code.fetch("r1", "nudge")
        code.fetch("r2", "shift")
    for index, total in enumerate(sums):
        if not params["uniform"]:
            _own_multiplier(code)
        _rescale_one(code, params, total, bits=8 if index % 2 == 0 else 0)


def _own_multiplier(code: Listing) -> None:
    """Mantissa, nudge and shift of the next filter into r0 to r2."""
    code.fetch("r1", "nudge")
    code.op("ldr r0, [r4, #4]", "ldr r2, [r4, #8]!", "lsl r1, r1, r2", "add r2, #1")


def _rescale_one(code: Listing, params: Params, total: str, *, bits: int) -> None:
    """One output from a sum times 2**bits, with mantissa, nudge and shift in r0 to r2. Uses r3."""
    if params["rounding"] == int(Rounding.SINGLE):
        if bits:
            code.op(f"asr {total}, {total}, #{bits}")
        code.op(f"smmla {total}, {total}, r0, r1")
    else:
        nudge = "r1" if params["rectified"] else "r3"
        if not params["rectified"]:
            code.op(f"add r3, r1, {total}, asr #31")
        code.op(f"asr {total}, {total}, #{bits - 1}" if bits else f"lsl {total}, {total}, #1")
        code.op(f"smmlar {total}, {total}, r0, {nudge}")
    code.op(f"asr {total}, {total}, r2", f"ssat {total}, #8, {total}")
    for limit, side, condition in ((-128, "low", "lt"), (127, "high", "gt")):
        value = int(params[side])
        if value != limit:
            # In one line: an IT block must not be divided between two asm statements.
            code.op(f"cmp {total}, #{value}", f"it {condition}; mov{condition} {total}, #{value}")
