# SPDX-License-Identifier: Apache-2.0
"""Modules and programs as wholes: names, sources, state, symbolic batches, and what cannot be exported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (the extra train)")

from tests.importers.torch.agreement import Calls, host, random, same_results, seeded  # noqa: E402
from torch import nn  # noqa: E402

import milliwatt  # noqa: E402
from milliwatt.errors import UnsupportedError, UsageError  # noqa: E402
from milliwatt.importers import ImportNotice  # noqa: E402
from milliwatt.importers.torch import from_module, from_program, takes  # noqa: E402
from milliwatt.ops.interpret import Interpreter  # noqa: E402


class Network(nn.Module):
    """Two layers, to look at names and sources."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
        self.head = nn.Linear(4, 2)

    def forward(self, image: Any) -> Any:
        seen = self.features(image)
        return self.head(seen.mean((2, 3)))


class Memory(nn.Module):
    """Keeps a running sum, the last rows and a counter."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("total", torch.zeros(1, 4))
        self.register_buffer("rows", torch.zeros(3, 4))
        self.register_buffer("count", torch.zeros(1, dtype=torch.int64))

    def forward(self, data: Any) -> Any:
        self.total.add_(data)
        self.rows.copy_(torch.cat([self.rows[1:], data]))
        self.count += 1
        return self.total * 2, self.rows.sum(0), self.count


def test_takes_modules_and_programs_alone() -> None:
    assert takes(nn.Linear(1, 1))
    assert not takes("model.pt2")
    assert not takes(torch.zeros(1))


def test_values_are_named_after_the_program_and_nodes_after_the_users_line() -> None:
    graph = from_module(seeded(Network), random(1, 3, 8, 8), "network")
    assert graph.inputs == ("image",)
    assert graph.outputs == ("linear",)
    assert [node.op for node in graph.nodes] == [
        "TRANSPOSE",
        "CONV_2D",
        "TRANSPOSE",
        "RELU",
        "MEAN",
        "FULLY_CONNECTED",
    ]
    sources = {node.op: node.source for node in graph.nodes}
    assert sources["CONV_2D"].startswith("test_program.py:")
    assert sources["CONV_2D"].endswith("seen = self.features(image) (features.0)")
    assert sources["MEAN"].endswith("return self.head(seen.mean((2, 3)))")
    assert sources["FULLY_CONNECTED"].endswith("(head)")
    assert "head.weight" in graph.constants


def test_module_is_left_in_its_mode_and_with_its_buffers() -> None:
    module = Memory().train()
    from_module(module, random(1, 4), "memory")
    assert module.training
    assert not module.total.any()
    assert module.count == 0


def test_changed_buffers_become_state() -> None:
    graph = from_module(Memory(), random(1, 4), "memory")
    assert sorted(state.name for state in graph.states) == ["count", "rows", "total"]
    runs = [(random(1, 4, seed=seed),) for seed in range(5)]
    same_results(graph, Interpreter(graph), Memory(), runs)
    same_results(graph, host(graph), Memory(), runs)


def test_open_batch_is_fixed_to_1() -> None:
    module = seeded(Network)
    shapes = ({0: torch.export.Dim("batch")},)
    program = torch.export.export(module, (random(2, 3, 8, 8),), dynamic_shapes=shapes)
    with pytest.warns(ImportNotice, match='"image" is fixed to 1'):
        graph = from_program(program, "network")
    assert graph.values["image"].shape == (1, 3, 8, 8)
    same_results(graph, Interpreter(graph), module, [(random(1, 3, 8, 8),)])


def test_other_open_extent_is_refused() -> None:
    shapes = ({2: torch.export.Dim("height", min=4)},)
    program = torch.export.export(seeded(Network), (random(2, 3, 8, 8),), dynamic_shapes=shapes)
    with pytest.raises(UnsupportedError, match="dynamic shape"):
        from_program(program, "network")


def test_live_objects_through_the_api() -> None:
    module, image = seeded(Network), random(1, 3, 8, 8)
    graph = milliwatt.load(module, image)
    assert graph.name == "network"
    same_results(graph, Interpreter(graph), module, [(image,)])
    same_results(
        graph, Interpreter(milliwatt.load(torch.export.export(module, (image,)))), module, [(image,)]
    )


def test_example_is_needed() -> None:
    with pytest.raises(UsageError, match="example inputs"):
        milliwatt.load(seeded(Network))


def test_example_that_does_not_fit() -> None:
    with pytest.raises(UsageError, match="cannot be called") as raised:
        from_module(seeded(Network), random(1, 2, 8, 8), "network")
    assert raised.value.where.startswith("test_program.py:")
    assert raised.value.where.endswith("seen = self.features(image)")
    assert "float32 [1, 2, 8, 8]" in raised.value.hint


def test_what_forward_raises_names_its_line() -> None:
    def failing(data: Any) -> Any:
        raise ValueError("too short\nby far")

    with pytest.raises(UsageError, match="ValueError: too short") as raised:
        from_module(Calls(failing), random(1, 4), "failing")
    assert "by far" not in raised.value.message
    assert raised.value.where.endswith('raise ValueError("too short\\nby far")')


def test_control_flow_on_values_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    branching = Calls(lambda data: data + 1 if data.sum() > 0 else data - 1)
    with pytest.raises(UnsupportedError, match="branches") as raised:
        from_module(branching, random(1, 4), "branching")
    assert raised.value.where.startswith("test_program.py:")
    assert "data.sum() > 0" in raised.value.where
    assert capfd.readouterr() == ("", "")


def test_checks_of_values_do_not_hide_the_operator() -> None:
    with pytest.raises(UnsupportedError, match="linalg_inv_ex") as raised:
        from_module(Calls(torch.linalg.inv), random(3, 3), "inverse")
    assert raised.value.where.startswith("agreement.py:")


def test_changed_input_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="user input mutation"):
        from_module(Calls(lambda data: data.add_(1)), random(1, 4), "changing")


def test_one_value_twice_and_a_constant_as_outputs() -> None:
    module = Calls(lambda data: (data + 1, data + 1, torch.ones(2)))
    graph = from_module(module, random(1, 4), "outputs")
    same_results(graph, Interpreter(graph), module, [(random(1, 4),)])


def test_function_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(
        'import torch\ndef table():\n    """A table.\n\n    input: 1x5 int64\n    """\n'
        "    return torch.nn.Embedding(7, 2)\n"
    )
    graph = milliwatt.load(f"{tmp_path / 'model.py'}:table")
    assert [str(graph.values[name]) for name in (*graph.inputs, *graph.outputs)] == [
        "int64[1, 5]",
        "float32[1, 5, 2]",
    ]


class Cache(nn.Module):
    """Writes a row at a computed place, and reads all of them."""

    def __init__(self, *, by_number: bool) -> None:
        super().__init__()
        self.by_number = by_number
        self.register_buffer("rows", torch.zeros(1, 2, 5, 4))

    def forward(self, data: Any, place: Any) -> Any:
        if self.by_number:
            self.rows.index_copy_(2, place, data)
        else:
            self.rows[:, :, place] = data
        return (self.rows * 2).sum(2)


@pytest.mark.parametrize("by_number", [True, False])
def test_cache_is_written_at_a_computed_place(by_number: bool) -> None:
    runs = [(random(1, 2, 1, 4, seed=seed), torch.tensor([place])) for seed, place in enumerate((0, 3, 4, 3))]
    graph = from_module(Cache(by_number=by_number), runs[0], "cache")
    assert "DYNAMIC_UPDATE_SLICE" in [node.op for node in graph.nodes]
    same_results(graph, Interpreter(graph), Cache(by_number=by_number), runs)
    same_results(graph, host(graph), Cache(by_number=by_number), runs)
