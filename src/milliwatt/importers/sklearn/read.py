# SPDX-License-Identifier: Apache-2.0
"""The bytes of a file -> an estimator. Only skops files can be read without running code of the file's author."""

from __future__ import annotations

import importlib
import io
import warnings
import zipfile
from typing import Any

from milliwatt.errors import MilliwattError, ModelError, ToolchainError, UnsupportedError
from milliwatt.importers.zipped import reading

MAX_BYTES = 256 * 2**20
"""Of all files of an archive together, unpacked."""

_ZIP = b"PK\x03\x04"

_TRUSTED = frozenset(
    (
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.metrics._dist_metrics.EuclideanDistance64",
        "sklearn.neighbors._ball_tree.BallTree",
        "sklearn.neighbors._kd_tree.KDTree",
        "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
        "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
        "sklearn.tree._tree.Tree",
    )
)
"""What supported estimators hold besides the types that skops trusts: plain data, each looked at. Whole packages
would let a file name any function in them.
"""

_PICKLE_HINT = (
    "save it with skops.io.dump(model, 'model.skops'); "
    "or, if you know who made the file, give --trust, which runs whatever code is in it"
)


def needed(module: str) -> Any:
    """A package of the extra ``sklearn``.

    Raises:
        ToolchainError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ToolchainError(
            f"scikit-learn models need {error.name or module}, which is not installed",
            hint="pip install milliwatt[sklearn]",
        ) from error


def estimator_of(data: bytes, *, trust: bool) -> Any:
    """The estimator in a file.

    Args:
        data: the file, whose kind is seen from its content.
        trust: whether pickles may be loaded.

    Raises:
        ModelError: the bytes are damaged.
        UnsupportedError: a pickle without trust, or a skops file with other types than those of supported estimators.
        ToolchainError: a package is missing.
    """
    if data.startswith(_ZIP):
        return _skops(data)
    if not data:
        raise ModelError("the file is empty")
    if not trust:
        raise UnsupportedError("a pickle is not read, because loading one runs code in it", hint=_PICKLE_HINT)
    joblib = needed("joblib")
    needed("sklearn")
    return _guarded(lambda: joblib.load(io.BytesIO(data)), "pickle")


def _skops(data: bytes) -> Any:
    _check_size(data)
    needed("sklearn")
    skops = needed("skops.io")
    unknown = [str(name) for name in _guarded(lambda: skops.get_untrusted_types(data=data), "skops")]
    foreign = sorted(name for name in unknown if name not in _TRUSTED)
    if foreign:
        raise UnsupportedError(
            f"the file holds {foreign[0][:100]}, which is no part of a supported estimator",
            hint="load the model in Python and give the object to milliwatt.load",
        )
    return _guarded(lambda: skops.loads(data, trusted=unknown), "skops")


def _check_size(data: bytes) -> None:
    with reading("the file is no readable zip archive"), zipfile.ZipFile(io.BytesIO(data)) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    if size > MAX_BYTES:
        raise UnsupportedError(f"the file unpacks to {size:,} bytes; at most {MAX_BYTES:,} are read")


def _guarded(read: Any, kind: str) -> Any:
    """What a reader of another package returns; damage shows there as any exception at all."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return read()
    except MilliwattError:
        raise
    except Exception as error:
        text = (str(error).strip() or type(error).__name__).splitlines()[0][:300]
        raise ModelError(f"the {kind} file cannot be read: {text}") from error
