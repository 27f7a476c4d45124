# SPDX-License-Identifier: Apache-2.0
"""Choosing an importer by the file's suffix, and files that cannot be read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.importers.small_models import dense

from milliwatt.errors import ModelError, UnsupportedError, UsageError
from milliwatt.importers import MAX_FILE_BYTES, graph_name, importers, load
from milliwatt.testing.tflite_writer import write_records


def test_load_names_the_graph_after_the_file(tmp_path: Path) -> None:
    path = tmp_path / "Key Words-2.TFLITE"
    path.write_bytes(write_records(dense()))
    assert load(path).name == "key_words_2"
    assert load(str(path)).inputs == ("x",)


@pytest.mark.parametrize(
    ("stem", "name"), [("a", "a"), ("A-b..c", "a_b_c"), ("3d", "model_3d"), ("__", "model"), ("möwe", "m_we")]
)
def test_graph_name_is_an_identifier(stem: str, name: str) -> None:
    assert graph_name(stem) == name
    assert name.isidentifier()


def test_every_importer_has_a_suffix() -> None:
    assert ".tflite" in importers()
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in importers())


def test_unknown_suffix_lists_what_is_known(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.tflite"):
        load(tmp_path / "model.doc")
    with pytest.raises(UsageError, match=r"\.tflite"):
        load(tmp_path / "model")


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        load(tmp_path / "absent.tflite")


def test_folder(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").mkdir()
    with pytest.raises(UsageError, match="not a file"):
        load(tmp_path / "m.tflite")


def test_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "m.tflite")
    with pytest.raises(UsageError, match="not a file"):
        load(tmp_path / "m.tflite")


def test_name_that_the_system_refuses(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        load(tmp_path / ("x" * 5000 + ".tflite"))


def test_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(UnsupportedError, match="bytes"):
        load(path)


def test_empty_file(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").touch()
    with pytest.raises(ModelError, match="TFL3"):
        load(tmp_path / "m.tflite")
