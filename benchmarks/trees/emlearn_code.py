# SPDX-License-Identifier: Apache-2.0
"""emlearn's C of a forest, in the place of ours: the same arena, compiler and emulator measure both."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import emlearn

from milliwatt.emit.emitted import Emitted

_INCLUDE = re.compile(r"^\s*#include.*$", re.MULTILINE)
_HEADERS = ("eml_log.h", "eml_common.h", "eml_trees.h")


def with_emlearn(emitted: Emitted, forest: Any, *, method: str, dtype: str, leaf_bits: int | None) -> Emitted:
    """An emitted model of one input and one output, the label, whose code is emlearn's.

    Args:
        emitted: ours, for its interface.
        forest: the fitted forest.
        method: "inline" or "loadable".
        dtype: the C type of the features.
        leaf_bits: bits of a class's share in a leaf; None for emlearn's default, one class for each leaf.
    """
    wrapper = emlearn.convert(forest, method=method, dtype=dtype, leaf_bits=leaf_bits)
    code = _INCLUDE.sub("", wrapper.save(name="eml", include_proba=False))
    graph, name = emitted.plan.program.graph, emitted.name
    data, label = (emitted.plan.offset_of(value) for value in (graph.inputs[0], graph.outputs[0]))
    step = f"{name}_step"
    source = f"""#include "{name}.h"
#pragma clang diagnostic ignored "-Weverything"
{_library() if method == "loadable" else ""}
{code}
static __attribute__((noinline)) void {step}(const {dtype} *features, int32_t *label)
{{
    *label = eml_predict(features, {graph.values[graph.inputs[0]].shape[1]});
}}
int32_t {emitted.run_function}(void *arena)
{{
    uint8_t *base = (uint8_t *)arena;
    {step}((const {dtype} *)(const void *)(base + {data}), (int32_t *)(void *)(base + {label}));
    return 0;
}}
"""
    return replace(emitted, source=source, step_functions=(step,))


def _library() -> str:
    """emlearn's headers without those of the C library, of which trees use nothing but bool."""
    folder = Path(emlearn.__file__).parent
    texts = (_INCLUDE.sub("", (folder / name).read_text("utf-8")) for name in _HEADERS)
    return "\n".join(["#include <stdbool.h>", "#define EML_TREES_REGRESSION_ENABLE 0", *texts])
