# SPDX-License-Identifier: Apache-2.0
"""CONV_2D, int8: four filters by three pixels in SMLAL, three 21-bit sums in each 64-bit register pair.

With inputs p, q, r of three pixels, A = p + q 2^21 and A' = q + r 2^21, and weights f, g of two filters,
B = f + g 2^21, the products are

    A B  = p f + (q f + p g) 2^21 + q g 2^42,    A' B = q f + (r f + q g) 2^21 + r g 2^42:

two SMLAL make six multiply-accumulates whose sums follow by subtraction, as long as each field keeps 21 bits (the
last one 22), which lowering proves. The first field and the middle one start high enough that they stay positive.
The C form, with what the tables hold, is runtime/kernels/mw_conv_fields_s8_m4.h.
"""

from __future__ import annotations

from collections.abc import Sequence

from milliwatt.emit.assembly.conv_gemm import FILTERS, ConvGemm, Params
from milliwatt.emit.assembly.listing import Listing
from milliwatt.emit.assembly.widening import Unrolling, whole_words

CONSTANTS = 8


def body(params: Params) -> str:
    """The whole function. Arguments: r0 input, r1 output, r2 scratch, r3 weights."""
    return _Fields(params).text()


class _Fields(ConvGemm):
    def __init__(self, params: Params) -> None:
        super().__init__(params, pixels=3, constants=CONSTANTS, ram_words=int(params["ram_words"]))

    def pointers(self) -> Sequence[str]:
        return "r6", "r7", "r8"

    def copy_weights(self) -> None:
        """Four int8 weights of a step become two words of two fields; the words around them are copied."""
        code, steps = self.code, self.params["steps"]
        code.constant("lr", -(-self.filters // FILTERS))
        quad = code.here()
        code.op("ldm r3!, {r4-r7}", "stm r12!, {r4-r7}")
        pairs, odd = divmod(steps, 2)
        if pairs:
            at_once = 2 if pairs % 2 == 0 else 1
            code.constant("r11", pairs // at_once)
            again = code.here()
            for _ in range(at_once):
                code.op("ldr r8, [r3, #4]", "ldr r4, [r3], #8")
                _spread(code, "r4", low="r4", high="r5", temporary=("r6", "r7"))
                _spread(code, "r8", low="r6", high="r7", temporary=("r9", "r10"))
                code.op("stm r12!, {r4-r7}")
            code.op("subs r11, #1")
            code.branch("bne", again)
        if odd:
            code.op("ldr r4, [r3], #4")
            _spread(code, "r4", low="r4", high="r5", temporary=("r6", "r7"))
            code.op("stm r12!, {r4, r5}")
        code.op("ldm r3!, {r4-r11}", "stm r12!, {r4-r11}", "subs lr, #1")
        code.branch("bne", quad)

    def widen(self) -> None:
        """The words A and A' of each input."""
        self.code.add("lr", "r10", 4)
        self._widen_odd_bytes()
        unrolling = Unrolling(block=1, turn=self.params["widened"])
        whole_words(self.code, self.patch, _widen_word, pointers=self.pointers(), unrolling=unrolling)

    def _widen_odd_bytes(self) -> None:
        """The bytes that rows have behind their whole words, two at a time, behind those words."""
        code, offsets = self.code, self.patch.odd_offsets()
        if not offsets:
            return
        code.add("r9", "lr", 32 * self.patch.words, temporary="r0")
        for first in range(0, len(offsets), 2):
            part = offsets[first : first + 2]
            names = [
                (f"r{3 * index}", f"r{3 * index + 1}", f"r{3 * index + 2}") for index in range(len(part))
            ]
            for offset, registers in zip(part, names, strict=True):
                pairs = zip(registers, self.pointers(), strict=True)
                code.op(*(f"ldrsb {register}, [{pointer}, #{offset}]" for register, pointer in pairs))
            for p, q, r in names:
                code.op(f"add {p}, {p}, {q}, lsl #21", f"add {q}, {q}, {r}, lsl #21")
            code.op(f"stm r9!, {{{', '.join(name for p, q, _ in names for name in (p, q))}}}")

    def start_sums(self) -> None:
        code = self.code
        code.op("ldr r6, [r4, #4]", "ldr r7, [r4, #8]", "ldr r10, [r4, #12]", "ldr r11, [r4, #16]!")
        code.fetch("r5", "inputs")
        code.op("mov r8, r6", "mov r9, r7", "mov r12, r10", "mov lr, r11")

    def step(self) -> None:
        self.code.op(
            "smlal r6, r7, r0, r2", "smlal r8, r9, r0, r3", "smlal r10, r11, r1, r2", "smlal r12, lr, r1, r3"
        )

    def finish_sums(self) -> None:
        """The six sums of each two filters, rescaled (see runtime/include/mw_rescale_fitted.h) and stored."""
        self.code.fetch("r5", "output")
        self._finish_pair(("r6", "r7", "r8", "r9"), first_filter=0)
        self._finish_pair(("r10", "r11", "r12", "lr"), first_filter=2)
        self.next_outputs("r5")

    def _finish_pair(self, sums: Sequence[str], *, first_filter: int) -> None:
        code, (low, high, low2, high2) = self.code, sums
        for lower, upper, first in ((low, high, "r0"), (low2, high2, "r1")):
            code.op(f"ubfx {first}, {lower}, #0, #21", f"lsr {lower}, {lower}, #21")
            code.op(f"bfi {lower}, {upper}, #11, #10", f"asr {upper}, {upper}, #10")
        code.op(f"sub {low}, {low}, r1", f"sub {low2}, {low2}, {high}")
        outputs = (("r0", "r1", low2), (low, high, high2))
        for names in outputs:
            # The wide form keeps 32-bit instructions on word addresses.
            code.op("ldr.w r2, [r4, #4]", "ldr r3, [r4, #8]!")
            for name in names:
                shift = self.params["shift"]
                code.op(f"smmla {name}, {name}, r2, r3", f"ssat {name}, #8, {name}, asr #{shift}")
        for index, names in enumerate(outputs):
            self.stores(names, base="r5", filter_index=first_filter + index)


def _spread(code: Listing, word: str, *, low: str, high: str, temporary: tuple[str, str]) -> None:
    """Bytes a, b, c, d of a word to a + b 2^21 and c + d 2^21. low may be the word."""
    first, second = temporary
    code.op(f"sxtb {first}, {word}, ror #8", f"asr {second}, {word}, #24", f"sxtb {high}, {word}, ror #16")
    code.op(
        f"sxtb {low}, {word}", f"add {low}, {low}, {first}, lsl #21", f"add {high}, {high}, {second}, lsl #21"
    )


def _widen_word(code: Listing, addresses: Sequence[Sequence[str]]) -> None:
    """One word of the three pixels, as A and A' of each of its four bytes, to lr."""
    code.op(
        *(
            f"ldr {register}, {address}"
            for register, address in zip(("r4", "r5", "r9"), addresses[0], strict=True)
        )
    )
    for first in (0, 2):
        for byte, (a, a2) in ((first, ("r0", "r1")), (first + 1, ("r2", "r3"))):
            rotated = f", ror #{8 * byte}" if byte else ""
            code.op(f"sxtb {a}, r5{rotated}", f"sxtb {a2}, r9{rotated}", f"sxtb r10, r4{rotated}")
            code.op(f"add {a2}, {a}, {a2}, lsl #21", f"add {a}, r10, {a}, lsl #21")
        code.op("stm lr!, {r0-r3}")
