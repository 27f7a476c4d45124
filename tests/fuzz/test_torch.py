# SPDX-License-Identifier: Apache-2.0
"""Import is total: a damaged .pt2 file is a verified graph or one of our errors, soon and in bounded memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (the extra train)")

from torch import nn  # noqa: E402

HERE = Path(__file__).parent


class Mixed(nn.Module):
    """Layers of several families, a constant and a buffer that changes."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.norm, self.line = nn.Conv1d(3, 4, 3), nn.BatchNorm1d(4), nn.GRU(6, 2)
        self.register_buffer("last", torch.zeros(1, 4, 6))

    def forward(self, data: torch.Tensor) -> torch.Tensor:
        seen = torch.relu(self.norm(self.layer(data)))
        self.last.copy_(seen)
        rows, _ = self.line(torch.cat([seen, self.last * 0.5], 1))
        return torch.softmax(rows.mean(1)[:, :2] + torch.tensor([0.25, 0.5]), -1)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with programs, one of them with an open batch."""
    folder = tmp_path_factory.mktemp("corpus")
    batch = ({0: torch.export.Dim("batch")},)
    plain = nn.Sequential(nn.Linear(4, 3), nn.GELU(), nn.Flatten(), nn.Linear(3, 2)).eval()
    programs = (
        torch.export.export(Mixed().eval(), (torch.zeros(1, 3, 8),)),
        torch.export.export(plain, (torch.zeros(2, 4),), dynamic_shapes=batch),
    )
    for number, program in enumerate(programs):
        torch.export.save(program, folder / f"{number}.pt2")
    return folder


def fuzz(corpus: Path, kind: str, first_seed: int, count: int) -> dict[str, int]:
    """Import ``count`` damaged files in a child process; outcomes by name."""
    script = str(HERE / "import_many.py")
    command = [sys.executable, "-W", "ignore", script, str(corpus), ".pt2", kind, str(first_seed), str(count)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120 + 5 * count, check=False)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert not report["failures"], "\n".join(report["failures"][:5])
    return dict(report["outcomes"])


def test_damaged_files(corpus: Path) -> None:
    outcomes = fuzz(corpus, "torch_mutations", 0, 30)
    assert sum(outcomes.values()) == 30
    assert {"graph", "ModelError", "UnsupportedError"} <= set(outcomes), "the damage must reach every outcome"


@pytest.mark.long
@pytest.mark.parametrize("first_seed", range(1_000_000, 1_005_000, 1_000))
def test_many_damaged_files(corpus: Path, first_seed: int) -> None:
    fuzz(corpus, "torch_mutations", first_seed, 1_000)
