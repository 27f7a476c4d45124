# SPDX-License-Identifier: Apache-2.0
"""Up to eight outputs, side by side, of a depthwise convolution along one axis.

Two inputs x(2m), x(2m + 1) make a pair P(m). An output at an even place is a sum of pairs with weights (w(2j),
w(2j + 1)), one at an odd place of pairs with (w(2j - 1), w(2j)), kept with its halves exchanged. So each pair of
weights is fetched once for four outputs, which take four neighbouring pairs of inputs; the next is loaded as the first
is done.

Registers: r0 input; r1 to r8 accumulators; r9 to r12 pairs of inputs; lr a pair of weights.
"""

from __future__ import annotations

from milliwatt.emit.assembly import Params
from milliwatt.emit.assembly.listing import Listing
from milliwatt.emit.assembly.short_rescale import limit, multiply


def even_words(taps: int) -> int:
    """Pairs of weights of outputs at even places."""
    return (taps + 1) // 2


def odd_words(taps: int) -> int:
    """Pairs of weights of outputs at odd places."""
    return taps // 2 + 1


class Block:
    """Writes the code of a block.

    Args:
        listing: where to append. S registers hold ``even0`` …, ``odd0`` …, ``bias``, ``mantissa``, ``nudge``, ``shift``
            and ``q``; r0 points to the block's first input.
        params: the kernel's.
        outputs: 1 to 8.
    """

    def __init__(self, listing: Listing, params: Params, outputs: int) -> None:
        self._list = listing
        self._params = params
        self._taps, self._step = int(params["taps"]), int(params["step"])
        self._outputs = outputs
        self._window = (outputs + 1) // 2
        self._sums = [f"r{1 + index}" for index in range(outputs)]

    def write(self, *, moves: bool) -> None:
        """The block; ``moves`` r0 and q to the next one."""
        self._first_pairs()
        evens, odds = even_words(self._taps), odd_words(self._taps)
        for word in range(odds):
            if word:
                self._next_pair(self._window - 1 + word)
            # The last accumulator holds the bias until it is the last to begin.
            kinds = ("odd", "even") if self._outputs % 2 else ("even", "odd")
            for kind in kinds:
                if kind == "odd" or word < evens:
                    self._multiply(kind, word)
        self._finish(moves=moves)

    def _slot(self, pair: int) -> str:
        return f"r{9 + pair % self._window}"

    def _inside(self, element: int) -> bool:
        """Whether an output needs an input; those behind meet weights of 0 and are not read."""
        return element <= self._outputs + self._taps - 2

    def _first_pairs(self) -> None:
        """All loads in a row; accumulators hold second elements until the pairs are made."""
        pairs = range(self._window)
        seconds = [pair for pair in pairs if self._inside(2 * pair + 1)]
        for pair in pairs:
            self._list.op(f"ldrsb {self._slot(pair)}, [r0, #{2 * pair * self._step}]")
        for pair in seconds:
            self._list.op(f"ldrsb r{1 + pair}, [r0, #{(2 * pair + 1) * self._step}]")
        for pair in seconds:
            self._list.op(f"pkhbt {self._slot(pair)}, {self._slot(pair)}, r{1 + pair}, lsl #16")
        self._list.fetch(self._sums[-1], "bias")

    def _next_pair(self, pair: int) -> None:
        slot = self._slot(pair)
        if not self._inside(2 * pair):
            return
        self._list.op(f"ldrsb {slot}, [r0, #{2 * pair * self._step}]")
        if self._inside(2 * pair + 1):
            self._list.op(f"ldrsb lr, [r0, #{(2 * pair + 1) * self._step}]")
            self._list.op(f"pkhbt {slot}, {slot}, lr, lsl #16")

    def _multiply(self, kind: str, word: int) -> None:
        """One pair of weights with the outputs at even, or odd, places; the first ones start from the bias."""
        verb, parity = ("smlad", 0) if kind == "even" else ("smladx", 1)
        outputs = range(parity, self._outputs, 2)
        if outputs:
            self._list.fetch("lr", f"{kind}{word}")
        for output in outputs:
            pair = self._slot(output // 2 + word)
            start = self._sums[output] if word else self._sums[-1]
            self._list.op(f"{verb} {self._sums[output]}, {pair}, lr, {start}")

    def _finish(self, *, moves: bool) -> None:
        listing, params = self._list, self._params
        listing.fetch("r9", "mantissa")
        listing.fetch("r10", "nudge")
        multiply(listing, params, self._sums, mantissa="r9", nudge="r10", temporary="r12")
        if int(params["shift"]) < 0:
            listing.fetch("r11", "shift")
        listing.fetch("r9", "q")
        limit(listing, params, self._sums, shift="r11")
        for output, value in enumerate(self._sums):
            listing.op(f"strb.w {value}, [r9, #{output * self._step}]")
        if moves:
            for pointer in ("r0", "r9"):
                listing.add(pointer, pointer, self._outputs * self._step, temporary="r10")
            listing.keep("q", "r9")
