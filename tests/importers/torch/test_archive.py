# SPDX-License-Identifier: Apache-2.0
"""Saved programs: what is read, what is refused, and that nothing in a file is run."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (the extra train)")

from tests.importers.torch.agreement import random, same_results, seeded  # noqa: E402
from torch import nn  # noqa: E402

from milliwatt.errors import ModelError, UnsupportedError, UsageError  # noqa: E402
from milliwatt.importers.request import Request  # noqa: E402
from milliwatt.importers.torch import load  # noqa: E402
from milliwatt.ops.interpret import Interpreter  # noqa: E402

PROGRAM = "archive/models/model.json"
WEIGHTS = "archive/data/weights/model_weights_config.json"
SAMPLES = "archive/data/sample_inputs/model.pt"


def network() -> Any:
    """A module with a buffer, parameters and a constant."""
    return seeded(lambda: nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Softplus()))


def saved(*, dynamic: bool = False) -> bytes:
    """The module as torch.export.save writes it."""
    shapes = ({0: torch.export.Dim("batch")},) if dynamic else None
    program = torch.export.export(network(), (random(2, 4),), dynamic_shapes=shapes)
    stream = io.BytesIO()
    torch.export.save(program, stream)
    return stream.getvalue()


@pytest.fixture(scope="module")
def archive() -> bytes:
    """The saved module."""
    return saved()


def changed(data: bytes, name: str, change: Callable[[bytes], bytes | None]) -> bytes:
    """The archive with one file changed, or without it where the change gives None."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w") as new:
        assert name in old.namelist()
        for entry in old.namelist():
            content = change(old.read(entry)) if entry == name else old.read(entry)
            if content is not None:
                new.writestr(entry, content)
    return stream.getvalue()


def edited(data: bytes, name: str, edit: Callable[[Any], None]) -> bytes:
    """The archive with one JSON document edited."""

    def change(content: bytes) -> bytes:
        document = json.loads(content)
        edit(document)
        return json.dumps(document).encode()

    return changed(data, name, change)


class Touch:
    """Unpickled, it leaves a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def test_read(archive: bytes) -> None:
    graph = load(archive, "network", Request())
    same_results(graph, Interpreter(graph), network(), [(random(2, 4),)])


def test_open_batch() -> None:
    with pytest.warns(UserWarning, match="fixed to 1"):
        graph = load(saved(dynamic=True), "network", Request())
    same_results(graph, Interpreter(graph), network(), [(random(1, 4),)])


def test_shapes_cannot_be_chosen(archive: bytes) -> None:
    with pytest.raises(UsageError, match="stand in the file"):
        load(archive, "network", Request({"": (1, 4)}))


def test_sample_inputs_are_not_unpickled(archive: bytes, tmp_path: Path) -> None:
    trap = pickle.dumps(Touch(tmp_path / "run"))
    load(changed(archive, SAMPLES, lambda _: trap), "network", Request())
    assert not (tmp_path / "run").exists()


def first_node(document: Any) -> dict[str, Any]:
    """The first operator of a program."""
    node: dict[str, Any] = document["graph_module"]["graph"]["nodes"][0]
    return node


@pytest.mark.parametrize(
    "target",
    [
        "torch.os.system",
        "math.sqrt",
        "_operator.__loader__",
        "torch.ops.custom.op.default",
        "#milliwatt:x",
        "torch.ops.aten.relu.default.__class__",
        "os.system",
    ],
)
def test_functions_outside_of_aten_are_refused(archive: bytes, target: str) -> None:
    hostile = edited(archive, PROGRAM, lambda document: first_node(document).update(target=target))
    with pytest.raises(UnsupportedError, match="not one of PyTorch's ATen"):
        load(hostile, "network", Request())


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "9**9**9",
        "s0.__class__",
        "[x for x in s0]",
        "lambda: 1",
        "open('x')",
    ],
)
def test_expressions_are_not_evaluated(archive: bytes, text: str) -> None:
    def edit(document: Any) -> None:
        values = document["graph_module"]["graph"]["tensor_values"]
        values["input"]["sizes"][0] = {"as_expr": {"expr_str": text, "hint": {"as_int": 2}}}

    with pytest.raises(UnsupportedError, match="not understood"):
        load(edited(archive, PROGRAM, edit), "network", Request())


def test_guards_are_not_run(tmp_path: Path) -> None:
    def edit(document: Any) -> None:
        document["guards_code"] = [f"__import__('pathlib').Path({str(tmp_path / 'run')!r}).touch() or True"]

    with pytest.warns(UserWarning, match="fixed to 1"):
        load(edited(saved(dynamic=True), PROGRAM, edit), "network", Request())
    assert not (tmp_path / "run").exists()


def test_pickled_weights_are_refused(archive: bytes) -> None:
    def edit(document: Any) -> None:
        next(iter(document["config"].values()))["use_pickle"] = True

    with pytest.raises(UnsupportedError, match="pickle"):
        load(edited(archive, WEIGHTS, edit), "network", Request())


@pytest.mark.parametrize("path", ["custom_obj_0", "opaque_obj_0", "../../model.json", "weight_0/x"])
def test_other_objects_are_refused(archive: bytes, path: str) -> None:
    def edit(document: Any) -> None:
        next(iter(document["config"].values()))["path_name"] = path

    with pytest.raises(UnsupportedError, match="no plain tensor"):
        load(edited(archive, WEIGHTS, edit), "network", Request())


def test_huge_tensor_is_refused(archive: bytes) -> None:
    def edit(document: Any) -> None:
        next(iter(document["config"].values()))["tensor_meta"]["sizes"] = [{"as_int": 1 << 40}]

    with pytest.raises(UnsupportedError, match="elements"):
        load(edited(archive, WEIGHTS, edit), "network", Request())


@pytest.mark.parametrize("kind", ["enum.Enum", "collections.defaultdict", "collections.namedtuple"])
def test_structures_of_other_classes_are_refused(archive: bytes, kind: str) -> None:
    def edit(document: Any) -> None:
        call = document["graph_module"]["module_call_graph"][0]["signature"]
        call["out_spec"] = json.dumps([1, {"type": kind, "context": '"os"', "children_spec": []}])

    with pytest.raises(UnsupportedError, match="plain tuples"):
        load(edited(archive, PROGRAM, edit), "network", Request())


@pytest.mark.parametrize("name", [PROGRAM, WEIGHTS, "archive/data/weights/weight_0"])
def test_missing_file_is_damage(archive: bytes, name: str) -> None:
    with pytest.raises(ModelError, match="missing"):
        load(changed(archive, name, lambda _: None), "network", Request())


def test_short_weights_are_damage(archive: bytes) -> None:
    with pytest.raises(ModelError):
        load(changed(archive, "archive/data/weights/weight_0", lambda old: old[:4]), "network", Request())


def test_deeply_nested_document_is_damage(archive: bytes) -> None:
    with pytest.raises(ModelError, match="damaged"):
        load(changed(archive, PROGRAM, lambda _: b"[" * 100_000), "network", Request())


def torchscript() -> bytes:
    """An archive with the files of TorchScript."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as writer:
        writer.writestr("net/data.pkl", b"")
        writer.writestr("net/constants.pkl", b"")
        writer.writestr("net/code/__torch__.py", b"")
    return stream.getvalue()


def checkpoint() -> bytes:
    """A pickled module as torch.save writes it."""
    stream = io.BytesIO()
    torch.save(network().state_dict(), stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (torchscript(), "TorchScript"),
        (checkpoint(), "checkpoint"),
        (pickle.dumps({"weight": 1}), "pickle"),
    ],
)
def test_other_files_of_pytorch_are_refused_with_what_to_do(data: bytes, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message) as refusal:
        load(data, "network", Request())
    assert "torch.export.save" in refusal.value.hint


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"\x00" * 100])
def test_other_bytes_are_damage(data: bytes) -> None:
    with pytest.raises(ModelError):
        load(data, "network", Request())
