# SPDX-License-Identifier: Apache-2.0
"""The structures of trace.c as ctypes and NumPy see them."""

from __future__ import annotations

import ctypes

import numpy as np

BLOCK = np.dtype(
    [
        ("address", "<u4"),
        ("bytes", "<u4"),
        ("step", "<u4"),
        ("next", "<u4"),
        ("executions", "<u8"),
        ("sequential", "<u8"),
        ("fell_through", "<u8"),
    ]
)
FLASH_LOAD = np.dtype([("address", "<u4"), ("step", "<u4"), ("words", "<u8")])
STEP = np.dtype([("unaligned", "<u8"), ("instruction_misses", "<u8"), ("data_misses", "<u8")])


class CacheStructure(ctypes.Structure):
    """``mw_cache``."""

    _fields_ = (
        ("slot_of_line", ctypes.c_void_p),
        ("line_of_slot", ctypes.c_void_p),
        ("sectors", ctypes.c_void_p),
        ("used", ctypes.c_void_p),
        ("time", ctypes.c_uint64),
        ("slots", ctypes.c_uint32),
        ("padding", ctypes.c_uint32),
    )


class TraceStructure(ctypes.Structure):
    """``mw_trace``."""

    _fields_ = (
        ("register_read", ctypes.c_void_p),
        ("register_write", ctypes.c_void_p),
        ("blocks", ctypes.c_void_p),
        ("first_block", ctypes.c_void_p),
        ("loads", ctypes.c_void_p),
        ("first_load", ctypes.c_void_p),
        ("steps", ctypes.c_void_p),
        ("instructions", CacheStructure),
        ("data", CacheStructure),
        ("pc_register", ctypes.c_int32),
        ("status_register", ctypes.c_int32),
        *(
            (name, ctypes.c_uint32)
            for name in (
                "flash_begin",
                "flash_end",
                "run_begin",
                "run_end",
                "line_shift",
                "sector_shift",
                "step_count",
                "block_capacity",
                "load_capacity",
                "block_count",
                "load_count",
                "entered",
                "step",
                "in_run",
                "last_end",
                "last_block",
                "overflow",
                "unaligned_pc",
            )
        ),
    )
