# SPDX-License-Identifier: Apache-2.0
"""How a convolution's output pixels are walked in groups, and in which order a patch of its input is read.

See runtime/include/mw_patches_s8.h for what the parameters mean there.
"""

from __future__ import annotations

from dataclasses import dataclass

from milliwatt.lower.site import Site
from milliwatt.ops.conv_2d import axes
from milliwatt.ops.window import Axis

QUAD = (0, 2, 1, 3)
"""The order in which SXTB16 leaves the four bytes of a word: those of even index, then those of odd index."""

GEOMETRY = (
    "step", "wrap", "cols", "behind_first", "out_c", "tail", "skipped", "kernel_h", "row_words", "kernel_gap",
    "odd", "jumps", "odd_back", "odd_gap", "pair_bytes", "input_bytes", "weight_words", "ram_words", "constants",
    "bands", "strip_bytes", "lead", "strip_rows", "left_bytes", "copied", "in_pitch", "in_h", "above", "pitch",
    "band_back", "zeros",
)  # fmt: skip
"""The words of the kernel's geometry in order, the fields of struct mw_patches."""


@dataclass(frozen=True)
class PatchBands:
    """The geometry of one convolution, in bytes.

    Attributes:
        rows, columns: the sliding windows.
        channels: bytes of an input pixel.
        group: output pixels that are computed together.
        band_rows: output rows of a band; all of them without padding.
        padded: whether the input goes through a strip with borders.
        words_first: whether a patch is read as the whole words of all rows, then the bytes that rows have behind
            them; else byte by byte.
        one_line: whether the patches of all pixels follow each other, as in a 1x1 convolution of stride 1.
    """

    rows: Axis
    columns: Axis
    channels: int
    group: int
    band_rows: int
    padded: bool
    words_first: bool
    one_line: bool

    @property
    def bands(self) -> int:
        """Number of bands."""
        return self.rows.output // self.band_rows

    @property
    def pixels(self) -> int:
        """Output pixels of a band."""
        return self.band_rows * self.columns.output

    @property
    def groups(self) -> int:
        """Groups of pixels, incomplete ones too."""
        return self.bands * -(-self.pixels // self.group)

    @property
    def row_bytes(self) -> int:
        """Bytes of one row of a patch."""
        return self.columns.window * self.channels

    @property
    def pitch(self) -> int:
        """Bytes from one input row to the next where patches are read."""
        if not self.padded:
            return self.columns.input * self.channels
        reach = (self.columns.output - 1) * self.columns.stride + self.columns.window
        return reach * self.channels + -(reach * self.channels) % 4

    @property
    def strip_rows(self) -> int:
        """Input rows under a band."""
        return (self.band_rows - 1) * self.rows.stride + (self.rows.window - 1) * self.rows.dilation + 1

    @property
    def lead(self) -> int:
        """Bytes before the strip's first row, which bring the input's bytes in it to word addresses."""
        return -(self.columns.before * self.channels) % 4 if self.padded else 0

    @property
    def strip_bytes(self) -> int:
        """Bytes of the strip, a multiple of 16."""
        count = self.lead + self.strip_rows * self.pitch if self.padded else 0
        return count + -count % 16

    @property
    def copied(self) -> int:
        """Bytes of an input row that the strip takes."""
        reach = (self.columns.output - 1) * self.columns.stride + self.columns.window - self.columns.before
        return max(0, min(self.columns.input, reach)) * self.channels

    @property
    def words(self) -> int:
        """Whole words of a patch."""
        return self.rows.window * (self.row_bytes // 4)

    @property
    def odd_bytes(self) -> int:
        """Bytes of a patch that its rows have behind their whole words."""
        return self.rows.window * (self.row_bytes % 4)

    @property
    def addressable(self) -> bool:
        """Whether patches have anything to do with the input: the strip takes some bytes of each row."""
        return not self.padded or self.copied > 0

    def order(self) -> list[int]:
        """Which byte of a patch [kernel_h * row_bytes] each place of the widened patch holds."""
        if not self.words_first:
            return list(range(self.rows.window * self.row_bytes))
        whole = self.row_bytes - self.row_bytes % 4
        starts = [row * self.row_bytes for row in range(self.rows.window)]
        words = [start + word + byte for start in starts for word in range(0, whole, 4) for byte in QUAD]
        return words + [start + byte for start in starts for byte in range(whole, self.row_bytes)]

    def geometry(self, *, zero: int) -> dict[str, int]:
        """The words of the kernel's geometry that have to do with pixels; ``zero`` is the input's zero point."""
        columns = self.pixels if self.one_line else self.columns.output
        step = self.columns.stride * self.channels
        row_step = 0 if self.one_line else self.rows.stride * self.pitch
        whole, odd = self.row_bytes // 4 * 4, self.row_bytes % 4
        kernel_pitch = self.rows.dilation * self.pitch
        zeros = (zero & 0xFF) * 0x01010101
        return {
            "step": step,
            "wrap": row_step - columns * step,
            "cols": columns,
            "behind_first": self.pixels - columns,
            "kernel_h": self.rows.window,
            "row_words": whole // 4,
            "kernel_gap": kernel_pitch - (whole if self.words_first else self.row_bytes),
            "odd": odd,
            "odd_back": whole - self.rows.window * kernel_pitch,
            "odd_gap": kernel_pitch - odd,
            "bands": self.bands,
            "strip_bytes": self.strip_bytes,
            "lead": self.lead,
            "strip_rows": self.strip_rows if self.padded else 0,
            "left_bytes": self.columns.before * self.channels if self.padded else 0,
            "copied": self.copied if self.padded else 0,
            "in_pitch": self.columns.input * self.channels,
            "in_h": self.rows.input,
            "above": -self.rows.before,
            "pitch": self.pitch,
            "band_back": self.band_rows * self.rows.stride - self.strip_rows if self.padded else 0,
            "zeros": zeros - (zeros >> 31 << 32),
        }


def patch_bands(site: Site, *, group: int, words_first: bool) -> PatchBands:
    """The geometry of a CONV_2D of one image for groups of that many pixels."""
    rows, columns = axes(site.signature)
    channels = site.signature.input(0).shape[3]
    padded = any(axis.before or axis.after for axis in (rows, columns))
    whole = columns.window == 1 and columns.stride == 1 and rows.window == 1 and rows.stride == 1
    one_line = whole and not padded and columns.output == columns.input
    band_rows = _band_rows(rows, columns, group) if padded else rows.output
    return PatchBands(rows, columns, channels, group, band_rows, padded, words_first, one_line)


def _band_rows(rows: Axis, columns: Axis, group: int) -> int:
    """The least rows of a band that waste the fewest pixels of incomplete groups."""
    divisors = [count for count in range(1, rows.output + 1) if rows.output % count == 0]

    def wasted(count: int) -> int:
        return -(count * columns.output) % group * (rows.output // count)

    fewest = min(map(wasted, divisors))
    # A larger band costs scratch: up to a twentieth of the pixels may be wasted before it is taken.
    limit = max(fewest, rows.output * columns.output // 20)
    return next(count for count in divisors if wasted(count) <= limit)
