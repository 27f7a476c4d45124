# SPDX-License-Identifier: Apache-2.0
"""Images and sequences of another size."""

from __future__ import annotations

from collections.abc import Callable

from milliwatt.importers.channel_first import to_channel_first, to_channel_last
from milliwatt.importers.torch.site import Site
from milliwatt.ir import AttrValue


def resized(op: str, *, exact: bool = False) -> Callable[[Site], str]:
    """The translation of a resampling.

    Nearest neighbours begin at the corner, or at the centre for PyTorch's "nearest-exact"; bilinear weights
    begin at the centre unless the corners are aligned.
    """

    def translated(site: Site) -> str:
        data = site.value("input" if "input" in site.arguments else "self")
        shape, wanted = site.build.shape_of(data), site.output_shape[2:]
        check_scales(site, shape[2:], wanted)
        aligned = bool(site.arguments.get("align_corners", False))
        attrs: dict[str, AttrValue] = {
            "align_corners": aligned,
            "half_pixel_centers": exact or (op == "RESIZE_BILINEAR" and not aligned),
        }
        size = site.build.integers((1, *wanted) if len(wanted) == 1 else wanted, stem="size")
        image = to_channel_last(site.build, data)
        return to_channel_first(site.build, site.emit(op, [image, size], attrs), len(shape))

    return translated


def check_scales(site: Site, extents: tuple[int, ...], wanted: tuple[int, ...]) -> None:
    """Refuse factors of which the sizes are not exact multiples: PyTorch then samples at other places."""
    given = site.arguments.get("scale_factors")
    singles = [site.arguments.get(name) for name in ("scales", "scales_h", "scales_w")]
    factors = list(given) if given is not None else [factor for factor in singles if factor is not None]
    if not factors:
        return
    exact = all(
        abs(extent * factor - size) < 1e-6
        for extent, factor, size in zip(extents, factors, wanted, strict=True)
    )
    if not exact:
        raise site.unsupported(
            f"the factor {factors} does not give whole sizes",
            hint="give the size, or recompute_scale_factor=True",
        )


_KINDS = {
    "upsample_nearest1d": resized("RESIZE_NEAREST_NEIGHBOR"),
    "upsample_nearest2d": resized("RESIZE_NEAREST_NEIGHBOR"),
    "_upsample_nearest_exact1d": resized("RESIZE_NEAREST_NEIGHBOR", exact=True),
    "_upsample_nearest_exact2d": resized("RESIZE_NEAREST_NEIGHBOR", exact=True),
    "upsample_linear1d": resized("RESIZE_BILINEAR"),
    "upsample_bilinear2d": resized("RESIZE_BILINEAR"),
}

TABLE = {
    f"aten.{name}.{form}": translation for name, translation in _KINDS.items() for form in ("default", "vec")
}
