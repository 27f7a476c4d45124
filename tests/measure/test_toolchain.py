# SPDX-License-Identifier: Apache-2.0
"""The tool chain: what it refuses, what it keeps, and that a linked file holds the model alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from elftools.elf.elffile import ELFFile
from tests.measure.sample_model import SOURCE, WEIGHTS, meaning, sample

from milliwatt import targets
from milliwatt.errors import BudgetError, ToolchainError, UsageError
from milliwatt.measure import toolchain
from milliwatt.measure.emulator import EmulatorRunner
from milliwatt.measure.image import read_image
from milliwatt.measure.stack import stack_bound
from milliwatt.measure.toolchain import build as build_module

BOARD = targets.board("nucleo-l4r5zi")
REFUSED = {
    "syntax": (SOURCE.replace("int64_t sum = 0;", "int64_t sum = ;"), "expected expression"),
    "implicit narrowing": (SOURCE.replace("(int8_t)(value > 127", "(value > 127"), "-Wimplicit-int-conversion"),
    "shadowing": (SOURCE.replace("int64_t sum = 0;", "int64_t sum = 0, input = 1;"), "-Wshadow"),
    "a function of the C library": (
        "float sqrtf(float x);\n" + SOURCE.replace("= (float)y[i]", "= sqrtf((float)y[i])"),
        "calls sqrtf",
    ),
    "a function that is nowhere": (
        "void gone(void);\n" + SOURCE.replace("*state += 1;", "*state += 1; gone();"),
        "calls gone",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("source", "message"), REFUSED.values(), ids=REFUSED)
def test_refused(source: str, message: str) -> None:
    with pytest.raises(ToolchainError) as caught:
        toolchain.build_elf(sample(source=source.replace("= sqrtf(", "= sqrtf(")), BOARD)
    assert message in str(caught.value)


@pytest.mark.parametrize("name", ["a function of the C library", "a function that is nowhere"])
def test_host_needs_no_library_either(name: str) -> None:
    source, message = REFUSED[name]
    with pytest.raises(ToolchainError, match=message):
        toolchain.build_library(sample(source=source))


def test_block_copies_are_allowed() -> None:
    copy = "struct big { int32_t v[100]; };\n"
    use = "*state += 1; { struct big b = *(const struct big *)(const void *)weights; *state += b.v[*state & 15]; }"
    built = toolchain.build_elf(
        sample(source=SOURCE.replace("#define", copy + "#define", 1).replace("*state += 1;", use)), BOARD
    )
    assert built.file.is_file()


def test_flash_that_is_too_small() -> None:
    table = "static const int32_t table[200000] = {1, 2};\n"
    source = SOURCE.replace("#define", table + "#define", 1).replace(
        "*state += 1;", "*state += table[*state];"
    )
    with pytest.raises(BudgetError, match="bytes more flash than") as caught:
        toolchain.build_elf(sample(source=source), targets.board("nucleo-g0b1re"))
    assert caught.value.where == "nucleo-g0b1re"


def test_second_build_is_taken_from_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MILLIWATT_CACHE", str(tmp_path))
    first = toolchain.build_elf(sample(), BOARD)

    def never(*_: object, **__: object) -> None:
        raise AssertionError("a tool was started")

    monkeypatch.setattr(build_module, "run_tool", never)
    assert toolchain.build_elf(sample(), BOARD) == first
    with pytest.raises(AssertionError, match="a tool was started"):
        toolchain.build_elf(sample(), BOARD, level="Os")


def test_cache_lies_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    elsewhere = toolchain.build_elf(sample(), BOARD).file.read_bytes()
    monkeypatch.setenv("MILLIWATT_CACHE", str(tmp_path))
    built = toolchain.build_elf(sample(), BOARD)
    assert built.file.is_relative_to(tmp_path)
    assert built.file.read_bytes() == elsewhere


def test_interrupted_work_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MILLIWATT_CACHE", str(tmp_path))

    def fail(directory: Path) -> None:
        (directory / "half").write_text("half", "utf-8")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        toolchain.cached("00key", fail)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert (
        toolchain.cached("00key", lambda directory: (directory / "whole").touch()).joinpath("whole").is_file()
    )


def test_keys_do_not_run_together() -> None:
    assert toolchain.content_key("ab", "c") != toolchain.content_key("a", "bc")
    assert toolchain.content_key(["a", "b"]) != toolchain.content_key("a", "b")


def test_linked_file_holds_the_model_alone() -> None:
    file = toolchain.build_elf(sample(), BOARD).file
    with file.open("rb") as stream:
        loaded = [
            section
            for section in ELFFile(stream).iter_sections()
            if section["sh_flags"] & 2 and section["sh_size"]
        ]
        names = [section.name for section in loaded]
        entry = ELFFile(stream).header["e_entry"]
    image = read_image(file)
    assert names == [".text", ".rodata"]
    assert image.constant_bytes == WEIGHTS.nbytes
    assert image.variable_bytes == 0
    assert entry & ~1 == image.entries["sample_run"]
    assert "sample_init" in image.entries
    own = sum(function.bytes for function in image.functions)
    assert own <= image.code_bytes <= own + 4 * len(image.functions)


def test_the_host_has_no_flash() -> None:
    with pytest.raises(UsageError, match="has no flash and RAM"):
        toolchain.build_elf(sample(), targets.board("host"))


@pytest.mark.parametrize("level", ["O3", "O2", "Os", "Oz"])
def test_levels(level: toolchain.Level) -> None:
    assert toolchain.build_elf(sample(), BOARD, level=level).level == level


def test_gcc_is_said_to_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    from milliwatt.measure.toolchain import compilers

    monkeypatch.setattr(compilers.shutil, "which", lambda _: None)
    compilers._gnu_arm.cache_clear()
    with pytest.raises(ToolchainError, match="is not installed"):
        toolchain.compiler_for(BOARD.core, "gcc")
    compilers._gnu_arm.cache_clear()
    with pytest.raises(ToolchainError, match="no gcc is known"):
        toolchain.compiler_for(targets.core("rv32imc"), "gcc")


@pytest.mark.parametrize("name", ["cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33"])
def test_gcc_computes_the_same(name: str) -> None:
    board = next(board for board in targets.boards() if board.core.name == name)
    if not toolchain.has_gcc(board.core):
        pytest.skip("arm-none-eabi-gcc is not installed")
    copy = "struct big { int32_t v[100]; };\n"
    use = "*state += 1; { struct big b = *(const struct big *)(const void *)(input - 128); *state += b.v[0] * 0; }"
    source = SOURCE.replace("#define", copy + "#define", 1).replace("*state += 1;", use)
    x = np.random.default_rng(1).integers(-128, 128, 64).astype(np.int8)
    for text in (SOURCE, source):
        runner = EmulatorRunner(sample(source=text), board, compiler="gcc")
        assert "gcc" in runner.built.compiler
        for left, right in zip(runner.run([x]), meaning(x, 6), strict=True):
            assert left.tobytes() == right.tobytes()
        assert stack_bound(runner.image, "thumb", entries=["sample_run"]) > 0
