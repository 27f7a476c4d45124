# SPDX-License-Identifier: Apache-2.0
"""The bytes of a .pt2 file -> a program, without running anything that stands in the file.

torch.export.load trusts its files: tensors may be pickles, sample inputs are unpickled, names of functions are
looked up, shapes and guards are evaluated as Python. So the archive is read here first, everything in it is
checked (see `document`), and PyTorch gets a new archive that holds only what was checked: the program, and raw
bytes of tensors. Whatever the bytes, the result is a program, ModelError or UnsupportedError.
"""

from __future__ import annotations

import importlib
import io
import zipfile
from collections.abc import Mapping
from typing import Any

from milliwatt.errors import MilliwattError, ModelError, UnsupportedError
from milliwatt.importers.torch.document import checked_payload, checked_program, payload_files
from milliwatt.importers.torch.framework import torch
from milliwatt.importers.torch.program import functional
from milliwatt.importers.torch.silence import silence
from milliwatt.importers.zipped import reading

MAX_FILES = 20_000
MAX_BYTES = 256 * 2**20
"""Of all files of an archive together, unpacked."""

SAVE_HINT = (
    'save the module with torch.export.save(torch.export.export(module.eval(), (example,)), "model.pt2")'
)

_MODEL = "models/model.json"
_CONFIGS = ("data/weights/model_weights_config.json", "data/constants/model_constants_config.json")
_SAMPLES = "data/sample_inputs/model.pt"
_FORMAT = ("archive_format", "archive_version", "byteorder", ".data/version", "version")


def program_of(data: bytes) -> Any:
    """The torch.export.ExportedProgram of a file, functional and with every extent fixed (`program.functional`).

    Raises:
        ModelError: the bytes are damaged, or no PyTorch file at all.
        UnsupportedError: they are another kind of PyTorch file, or hold what cannot be read safely.
        ToolchainError: PyTorch is not installed.
    """
    files, root = _files(data)
    _refuse_others(files)
    kept = _checked(files)
    framework = torch()
    if b"quantized_decomposed" in kept[_MODEL]:
        # The operators of quantised programs exist once this module has been imported.
        importlib.import_module("torch.ao.quantization.fx._decomposed")
    archive = _written(kept, root)
    try:
        with silence():
            program = framework.export.load(archive)
        return functional(program)
    except MilliwattError:
        raise
    except Exception as error:
        text = (str(error).strip() or type(error).__name__).splitlines()[0][:300]
        raise ModelError(f"PyTorch cannot read the program: {text}") from error


def _files(data: bytes) -> tuple[dict[str, bytes], str]:
    """The files of the archive by their names without the root folder, and the root folder."""
    if data[:1] == b"\x80":
        raise UnsupportedError("this is a pickle, which runs code when it is read", hint=SAVE_HINT)
    sentence = "this is no PyTorch program, or it is damaged"
    with reading(sentence), zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
        if len(entries) > MAX_FILES or sum(entry.file_size for entry in entries) > MAX_BYTES:
            raise UnsupportedError("the archive holds more than a microcontroller's model can be")
        files = {entry.filename: archive.read(entry) for entry in entries if not entry.is_dir()}
    roots = {name.split("/", 1)[0] for name in files if "/" in name}
    root = f"{roots.pop()}/" if len(roots) == 1 and all("/" in name for name in files) else ""
    return {name.removeprefix(root): content for name, content in files.items()}, root


def _refuse_others(files: Mapping[str, bytes]) -> None:
    """Refuse what else PyTorch stores in archives."""
    if "constants.pkl" in files or any(name.startswith("code/") for name in files):
        raise UnsupportedError("this is a TorchScript archive, which is a program of its own", hint=SAVE_HINT)
    if "data.pkl" in files:
        raise UnsupportedError(
            "this is a checkpoint (a pickle of weights or of a module), not a program", hint=SAVE_HINT
        )
    if any(name.startswith("data/aotinductor/") for name in files) and _MODEL not in files:
        raise UnsupportedError("this is a compiled package of AOTInductor, not a program", hint=SAVE_HINT)
    if "serialized_exported_program.json" in files:
        raise UnsupportedError(
            "the program was saved by PyTorch 2.7 or older",
            hint="load it with that version and save it with PyTorch 2.8 or newer, or give milliwatt the module",
        )
    if _MODEL not in files:
        raise ModelError(f"the archive holds no program: {_MODEL} is missing")


def _checked(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files that PyTorch gets: those of its format, the program, and the tensors that the program names."""
    kept = {name: files[name] for name in _FORMAT if name in files}
    kept[_MODEL] = checked_program(files[_MODEL])
    for config in _CONFIGS:
        if config not in files:
            raise ModelError(f"the archive is damaged: {config} is missing")
        kept[config], payload = checked_payload(files[config], where=config)
        folder = config.rsplit("/", 1)[0]
        for name in payload_files(payload):
            path = f"{folder}/{name}"
            if path not in files:
                raise ModelError(f"the archive is damaged: {path} is missing")
            kept[path] = files[path]
    # Sample inputs are a pickle. The program does not need them, and an empty file stands for none.
    kept[_SAMPLES] = b""
    return kept


def _written(files: Mapping[str, bytes], root: str) -> io.BytesIO:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            archive.writestr(f"{root or 'archive/'}{name}", content)
    stream.seek(0)
    return stream
