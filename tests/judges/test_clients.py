"""Other people's clients, unmodified, pass every step that they offer at the simulator."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.simulator.server import Simulator
from tests.judges import environments

HERE = Path(__file__).parent
PATIENCE = 300  # seconds; a quiet machine needs ten
#: One worker installs and drives what comes from PyPI, and no other waits for it.
one_after_another = pytest.mark.xdist_group("judges from PyPI")


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(speed=50) as simulator:
        yield simulator


def judge(*command: str | Path) -> dict[str, str]:
    """Run a judge; return what went wrong in those of its steps that failed."""
    done = subprocess.run(
        [str(part) for part in command],
        env=environments.variables(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    steps = json.loads(done.stdout.splitlines()[-1])
    assert len(steps) >= 10, "a judge that asks nothing finds nothing"
    return {name: error for name, error in steps.items() if error}


@one_after_another
@pytest.mark.parametrize(
    ("module", "slug", "family"),
    [
        ("volcenginesdkarkruntime", "volcengine", "doubao"),
        ("byteplussdkarkruntime", "byteplus", "dreamina"),
    ],
)
def test_an_official_sdk_passes(sim: Simulator, module: str, slug: str, family: str) -> None:
    script = HERE / "ark_sdk.py"
    assert not judge(environments.python(), script, module, sim.base_url(slug), family)


@one_after_another
def test_byteplus_py_passes(sim: Simulator, tmp_path: Path) -> None:
    script = HERE / "byteplus_wrapper.py"
    assert not judge(environments.python(), script, sim.base_url("byteplus"), tmp_path)


@one_after_another
def test_seedance_mcp_server_passes(sim: Simulator, tmp_path: Path) -> None:
    script = HERE / "mcp_server.py"
    assert not judge(environments.python(), script, sim.base_url("volcengine"), tmp_path)


def test_ai_sdk_bytedance_passes(sim: Simulator) -> None:
    folder = environments.node()
    script = shutil.copy(HERE / "ai_sdk.mjs", folder)  # packages are looked for beside it
    assert not judge("node", script, sim.base_url("byteplus"))
