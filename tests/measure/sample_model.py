# SPDX-License-Identifier: Apache-2.0
"""A hand-written model in the form that emission gives: three steps, two of which share one function.

    x int8[64] -> twice -> t -> twice -> u -> mix(u, state) -> y int32[16], z float32[16]

``mix`` divides 64-bit integers and computes in float, so that helpers of the compiler are linked on cores
that lack the instructions; the state counts the runs.
"""

from __future__ import annotations

import numpy as np

from milliwatt.emit.emitted import Emitted
from milliwatt.ir import DType, Graph, State, TensorType
from milliwatt.lower.program import KernelCall, Program, Read, StateArg, Table, Write
from milliwatt.ops import Numerics
from milliwatt.plan.layout import Placement, Plan

WEIGHTS = np.arange(-8, 8, dtype=np.int32) * 7_773

SOURCE = """#include "sample.h"
#define NOINLINE __attribute__((noinline))
static const int32_t sample_weights[16] = {WEIGHTS};

static NOINLINE void sample_twice(const int8_t *input, int8_t *output)
{
    for (int32_t i = 0; i < 64; i++) {
        const int32_t value = 2 * (int32_t)input[i] + 1;
        output[i] = (int8_t)(value > 127 ? 127 : value < -128 ? -128 : value);
    }
}

static NOINLINE void sample_mix(const int8_t *input, const int32_t *weights, int32_t *state, int32_t *y,
                                float *z)
{
    *state += 1;
    for (int32_t i = 0; i < 16; i++) {
        int64_t sum = 0;
        for (int32_t j = 0; j < 4; j++) {
            sum += (int64_t)input[4 * i + j] * weights[(i + j) & 15];
        }
        y[i] = (int32_t)(sum * 100 / (int64_t)(i + *state));
        z[i] = (float)y[i] / 3.0f + (float)input[i];
    }
}

int32_t sample_run(void *arena)
{
    uint8_t *const base = (uint8_t *)arena;
    sample_twice((const int8_t *)(void *)(base + 0), (int8_t *)(void *)(base + 64));
    sample_twice((const int8_t *)(void *)(base + 64), (int8_t *)(void *)(base + 0));
    sample_mix((const int8_t *)(void *)(base + 0), sample_weights, (int32_t *)(void *)(base + 256),
               (int32_t *)(void *)(base + 128), (float *)(void *)(base + 192));
    return 0;
}

int32_t sample_init(void *arena)
{
    *(int32_t *)arena = 0;
    ((int32_t *)arena)[64] = 5;
    return 0;
}
""".replace("WEIGHTS", ", ".join(map(str, WEIGHTS)))

HEADER = """#ifndef SAMPLE_H
#define SAMPLE_H
#include <stddef.h>
#include <stdint.h>
int32_t sample_init(void *arena);
int32_t sample_run(void *arena);
#endif
"""


def _graph() -> Graph:
    i8, i32, f32 = DType.INT8, DType.INT32, DType.FLOAT32
    return Graph(
        name="sample",
        values={
            "x": TensorType(i8, (64,)),
            "t": TensorType(i8, (64,)),
            "u": TensorType(i8, (64,)),
            "y": TensorType(i32, (16,)),
            "z": TensorType(f32, (16,)),
        },
        constants={},
        inputs=("x",),
        outputs=("y", "z"),
        nodes=(),
        states=(State("runs", TensorType(i32, (1,)), np.array([5], np.int32)),),
    )


def _calls() -> tuple[KernelCall, ...]:
    mix = (
        Read("u", "int8_t"),
        Table("weights", WEIGHTS),
        StateArg("runs", "int32_t"),
        Write("y", "int32_t"),
        Write("z", "float"),
    )
    return (
        KernelCall("twice", "MUL", ("t",), {}, (Read("x", "int8_t"), Write("t", "int8_t")), source="first"),
        KernelCall("twice", "MUL", ("u",), {}, (Read("t", "int8_t"), Write("u", "int8_t")), source="second"),
        KernelCall("mix", "CUSTOM", ("y", "z"), {}, mix, macs=64, source="third"),
    )


def sample(*, source: str = SOURCE) -> Emitted:
    """The model; another C text with the same interface may be given."""
    graph = _graph()
    program = Program(graph, _calls(), {name: name for name in graph.values}, "cortex-m4", Numerics.FAST)
    places = {
        "x": (0, 64, -1, 0),
        "t": (64, 64, 0, 1),
        "u": (0, 64, 1, 2),
        "y": (128, 64, 2, 3),
        "z": (192, 64, 2, 3),
    }
    plan = Plan(
        program=program,
        buffers={name: Placement(name, *place) for name, place in places.items()},
        scratch={},
        states={"runs": Placement("runs", 256, 4, -1, 3)},
        arena_bytes=260,
        lower_bound=260,
        alignment=8,
        planner="by hand",
    )
    return Emitted("sample", HEADER, source, {}, plan, ("sample_twice", "sample_twice", "sample_mix"))


def meaning(x: np.ndarray, runs: int) -> tuple[np.ndarray, np.ndarray]:
    """What the model computes, where ``runs`` is the state's value after this run."""
    once = np.clip(2 * x.astype(np.int32) + 1, -128, 127)
    twice = np.clip(2 * once + 1, -128, 127)
    y = np.zeros(16, np.int32)
    for i in range(16):
        total = sum(int(twice[4 * i + j]) * int(WEIGHTS[(i + j) & 15]) for j in range(4)) * 100
        divisor = i + runs
        y[i] = abs(total) // divisor * (1 if total >= 0 else -1)
    z = y.astype(np.float32) / np.float32(3.0) + twice[:16].astype(np.float32)
    return y, z
