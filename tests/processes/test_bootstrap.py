"""A fresh clone makes its own environment, and mends it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes.conftest import ROOT

COMMAND = """\
import sys
from seedance_site import bootstrap
bootstrap.enter_environment(sys.argv)
print("inside", sys.prefix)
"""


class Clone:
    """A clone whose lock files ask for nothing, so that no index is needed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.venv = folder, folder / ".venv"
        (folder / "seedance_site").mkdir(parents=True)
        shutil.copy(ROOT / "seedance_site" / "bootstrap.py", folder / "seedance_site")
        (folder / "manage.py").write_text(COMMAND)
        self.change_lock("")

    def change_lock(self, text: str) -> None:
        for name in ("requirements.lock", "requirements-dev.lock"):
            (self.folder / name).write_text(f"# nothing {text}\n")

    def run(self) -> str:
        """What the command says, run with a bare Python, where no index can be reached."""
        ended = subprocess.run(
            [sys._base_executable, "-S", "manage.py", "up"],  # type: ignore[attr-defined]
            cwd=self.folder,
            env={"PATH": "/usr/bin:/bin", "PIP_NO_INDEX": "1", "PIP_USER": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """One whose first installation was interrupted, and whose second was not."""
    fresh = Clone(tmp_path_factory.mktemp("clone") / "dailies")
    (fresh.venv / "bin").mkdir(parents=True)
    (fresh.venv / "bin" / "python").symlink_to(sys.executable)
    said = fresh.run()
    assert said == f"Installing what Dailies needs into .venv/ …\ninside {fresh.venv}\n"
    return fresh


def test_what_is_installed_is_not_installed_again(clone: Clone) -> None:
    assert clone.run() == f"inside {clone.venv}\n"


def test_a_changed_lock_file_is_installed_into_the_same_environment(clone: Clone) -> None:
    kept = clone.venv / "kept"
    kept.touch()
    clone.change_lock("but new")
    assert "Installing" in clone.run()
    assert kept.exists()


def test_an_environment_whose_python_is_gone_is_made_afresh(clone: Clone) -> None:
    python = clone.venv / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python3")
    assert "Installing" in clone.run()
    assert clone.run() == f"inside {clone.venv}\n"
