# SPDX-License-Identifier: Apache-2.0
"""LiteRT in its own process: results, state, every tensor by name, and what becomes of a crash or a hang."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from milliwatt.errors import ToolchainError, UsageError
from milliwatt.importers.tflite.reader import read
from milliwatt.importers.tflite.records import ModelRecord, SubgraphRecord
from milliwatt.ir import DType, TensorType
from milliwatt.measure.litert import LiteRT, LiteRTWorker, run_jobs
from milliwatt.testing.tflite_records import operator_record, options_record, tensor_record
from milliwatt.testing.tflite_writer import write_records

FLOATS = TensorType(DType.FLOAT32, (1, 4))


def doubling(name: str = "sum") -> bytes:
    """x -> ADD(x, x) -> y."""
    tensors = (tensor_record("x", FLOATS), tensor_record(name, FLOATS))
    add = operator_record("ADD", (0, 0), (1,), options=options_record("ADD", {"FusedActivationFunction": 0}))
    return write_records(ModelRecord((SubgraphRecord(tensors, (0,), (1,), (add,)),)))


def counting() -> bytes:
    """A resource variable that starts at 3 and takes in x: y = variable, then variable = variable + x."""

    def use(op: str, inputs: tuple[int, ...], outputs: tuple[int, ...], **fields: Any) -> Any:
        return operator_record(op, inputs, outputs, options=options_record(op, fields))

    handle = replace(tensor_record("handle", TensorType(DType.FLOAT32, ())), type="RESOURCE")
    tensors = (
        tensor_record("x", FLOATS),
        handle,
        tensor_record("y", FLOATS),
        tensor_record("sum", FLOATS),
    )
    main = SubgraphRecord(
        tensors,
        (0,),
        (3,),
        (
            use("CALL_ONCE", (), (), InitSubgraphIndex=1),
            use("VAR_HANDLE", (), (1,), SharedName="v"),
            use("READ_VARIABLE", (1,), (2,)),
            use("ADD", (2, 0), (3,), FusedActivationFunction=0),
            use("ASSIGN_VARIABLE", (1, 3), ()),
        ),
    )
    start = tensor_record("start", FLOATS, np.full((1, 4), 3, np.float32))
    first = SubgraphRecord(
        (handle, start),
        (),
        (),
        (use("VAR_HANDLE", (), (0,), SharedName="v"), use("ASSIGN_VARIABLE", (0, 1), ())),
    )
    return write_records(ModelRecord((main, first)))


ONES = np.ones((1, 4), np.float32)


@pytest.mark.parametrize("reference", [True, False])
def test_run(reference: bool) -> None:
    with LiteRT(doubling(), reference=reference) as model:
        assert [detail.name for detail in model.inputs] == ["x"]
        assert [(detail.dtype, detail.shape) for detail in model.outputs] == [(np.float32, (1, 4))]
        for factor in (1, 7):
            (result,) = model.run([ONES * factor])
            assert np.array_equal(result, ONES * 2 * factor)


def test_state_is_kept_until_reset() -> None:
    with LiteRT(counting()) as model:
        assert [model.run([ONES])[0][0, 0] for _ in range(3)] == [4, 5, 6]
        model.reset()
        assert model.run([ONES])[0][0, 0] == 4


def test_tensors_by_value_name() -> None:
    with LiteRT(counting(), all_tensors=True) as model:
        tensors = model.tensors([ONES])
    assert np.array_equal(tensors["y"], ONES * 3)
    assert np.array_equal(tensors["sum"], ONES * 4)
    assert "handle" not in tensors


def test_tensors_of_one_name_get_the_importer_s_suffix() -> None:
    with LiteRT(doubling(name="x"), all_tensors=True) as model:
        tensors = model.tensors([ONES])
    assert np.array_equal(tensors["x.1"], ONES * 2)


def test_tensors_need_to_be_kept() -> None:
    with LiteRT(doubling()) as model, pytest.raises(UsageError):
        model.tensors([ONES])


@pytest.mark.parametrize("inputs", [[], [ONES.astype(np.int8)], [ONES[0]], [ONES, ONES]], ids=len)
def test_wrong_inputs(inputs: list[Any]) -> None:
    with LiteRT(doubling()) as model, pytest.raises(UsageError):
        model.run(inputs)


def test_refused_model_leaves_the_worker_alive() -> None:
    with LiteRTWorker() as worker:
        processes = set()
        for _ in range(2):
            with pytest.raises(ToolchainError, match="refused to load"):
                LiteRT(b"no model at all", worker=worker)
            with LiteRT(doubling(), worker=worker) as model:
                assert model.run([ONES])[0][0, 0] == 2
            processes.add(worker.process_id)
        assert len(processes) == 1


def test_crash_names_the_signal_and_the_next_model_runs() -> None:
    with LiteRTWorker() as worker:
        model = LiteRT(doubling(), worker=worker)
        assert worker.process_id is not None
        os.kill(worker.process_id, signal.SIGSEGV)
        with pytest.raises(ToolchainError, match="SIGSEGV"):
            model.run([ONES])
        with pytest.raises(ToolchainError, match="has ended"):
            model.run([ONES])
        with LiteRT(doubling(), worker=worker) as again:
            assert again.run([ONES])[0][0, 0] == 2


def test_hang_ends_at_the_timeout() -> None:
    with LiteRTWorker() as worker:
        model = LiteRT(doubling(), worker=worker)
        # Short only now: starting the worker takes longer on a busy machine.
        worker.timeout = 0.5
        assert worker.process_id is not None
        os.kill(worker.process_id, signal.SIGSTOP)
        with pytest.raises(ToolchainError, match=r"within 0\.5 s"):
            model.run([ONES])


def test_many_jobs_over_one_worker() -> None:
    jobs = [(doubling(), [ONES * number]) for number in range(50)]
    jobs.insert(20, (b"damaged", [ONES]))
    results = list(run_jobs(jobs))
    assert isinstance(results.pop(20), ToolchainError)
    assert [result[0][0, 0] for result in results if not isinstance(result, ToolchainError)] == list(
        range(0, 100, 2)
    )


def test_models_that_litert_overruns_are_refused(shared_model: Callable[[str], Path]) -> None:
    model = shared_model("keyword_scrambled_int8.tflite").read_bytes()
    assert any(operator.op == "SVDF" for operator in read(model).subgraphs[0].operators)
    with pytest.raises(ToolchainError, match="SVDF"):
        LiteRT(model)
