"""A fresh clone makes its own environment, mends it, and adds what posters need."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from zipfile import ZipFile

import pytest

from tasks.management import installation
from tests.processes.conftest import ROOT, below, eventually, still_there

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
        self.posters_lock = folder / "requirements-posters.lock"
        self.change_lock("")

    def change_lock(self, text: str) -> None:
        for name in ("requirements.lock", "requirements-dev.lock"):
            (self.folder / name).write_text(f"# nothing {text}\n")

    def run(self) -> str:
        """Return the output of `up`, run with a bare Python and without an index."""
        return self._said(sys._base_executable, "-S", "manage.py", "up")  # type: ignore[attr-defined]

    def install_posters(self, python: Path | str = "") -> str:
        """Return the output, run in the clone's environment unless another Python is given."""
        program = self.folder / "seedance_site" / "bootstrap.py"
        return self._said(python or self.venv / "bin" / "python", "-I", program)

    def _said(self, *command: Path | str) -> str:
        offline = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_USER": "1"}
        ended = subprocess.run(
            command,
            cwd=self.folder,
            env={"PATH": "/usr/bin:/bin", "PIP_FIND_LINKS": str(self.folder)} | offline,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert not ended.stderr
        return ended.stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A clone whose first installation was interrupted, and whose second was not."""
    fresh = Clone(tmp_path_factory.mktemp("clone") / "dailies")
    (fresh.venv / "bin").mkdir(parents=True)
    (fresh.venv / "bin" / "python").symlink_to(sys.executable)
    output = fresh.run()
    assert output == f"Installing what Dailies needs into .venv/ …\ninside {fresh.venv}\n"
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


WHEEL = "av-1.0-py3-none-any.whl"


@pytest.fixture
def bare(clone: Clone) -> Clone:
    """A clone without PyAV, and a wheel of a few bytes in its place."""
    clone.run()
    for path in (*clone.venv.glob(f"{clone.posters_lock.name}.*"), *in_site_packages(clone)):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    with ZipFile(clone.folder / WHEEL, "w") as wheel:
        wheel.writestr("av.py", "")
        about = "av-1.0.dist-info"
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: av\nVersion: 1.0\n")
        wheel.writestr(f"{about}/RECORD", "")
    ask_for(clone, "1.0")
    return clone


def in_site_packages(clone: Clone) -> list[Path]:
    return list(clone.venv.glob("lib/python*/site-packages/av*"))


def ask_for(clone: Clone, version: str) -> None:
    digest = hashlib.sha256((clone.folder / WHEEL).read_bytes()).hexdigest()
    clone.posters_lock.write_text(f"av=={version} --hash=sha256:{digest}\n")


def test_pyav_is_installed_once(bare: Clone) -> None:
    assert bare.install_posters().startswith("Installing PyAV (")
    assert in_site_packages(bare)
    assert bare.install_posters() == ""


def test_a_changed_lock_of_pyav_is_installed(bare: Clone) -> None:
    bare.install_posters()
    bare.posters_lock.write_text(f"# new\n{bare.posters_lock.read_text()}")
    assert bare.install_posters().count("\n") == 1


@pytest.mark.parametrize(
    "lock",
    ["av==2.0 --hash=sha256:" + 64 * "0", "av==1.0 --hash=sha256:" + 64 * "0"],
    ids=["there is none for this platform", "another file than the one that was locked"],
)
def test_pyav_that_cannot_be_installed_is_told_in_one_line_and_stops_nothing(
    bare: Clone, lock: str
) -> None:
    bare.posters_lock.write_text(f"{lock}\n")
    first, second = bare.install_posters().splitlines()
    assert first.startswith("Installing PyAV")
    assert "could not be installed" in second and not second.endswith(": ")
    assert not in_site_packages(bare)
    assert bare.run() == f"inside {bare.venv}\n"


def test_a_failed_try_is_made_again_after_a_day_or_with_another_lock(bare: Clone) -> None:
    ask_for(bare, "2.0")
    assert "could not be installed" in bare.install_posters()
    assert bare.install_posters() == ""
    failed = bare.venv / f"{bare.posters_lock.name}.failed"
    yesterday = time.time() - 24 * 3600 - 1
    os.utime(failed, (yesterday, yesterday))
    assert "could not be installed" in bare.install_posters()
    assert bare.install_posters() == ""
    ask_for(bare, "1.0")
    assert "could not be installed" not in bare.install_posters()
    assert in_site_packages(bare)


def test_pyav_is_never_installed_into_an_environment_that_is_not_ours(bare: Clone) -> None:
    assert bare.install_posters(sys.executable) == ""
    assert not in_site_packages(bare)


def test_the_developers_lock_brings_the_same_pyav() -> None:
    locked = (ROOT / "requirements-posters.lock").read_text()
    assert locked in (ROOT / "requirements-dev.lock").read_text()


@pytest.fixture
def slow_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in pip's place that writes its process id into this file and never ends."""
    (program := tmp_path / "slow.py").write_text(
        "import os, sys, time; from pathlib import Path\n"
        "Path(__file__).with_suffix('.pid').write_text(f'{os.getpid()}.'); time.sleep(600)"
    )
    monkeypatch.setattr(installation.bootstrap, "__file__", str(program))
    monkeypatch.setattr(installation.bootstrap, "misses_posters", lambda: True)
    return program.with_suffix(".pid")


def test_pyav_is_installed_beside_what_runs(slow_pip: Path) -> None:
    child = installation.begin_posters()
    assert child
    eventually(lambda: slow_pip.exists() and slow_pip.read_text().endswith("."), within=5)
    pid = int(slow_pip.read_text().rstrip("."))
    assert pid in below(child.group)  # so it ends with us, as every child does
    child.kill()
    assert not still_there([pid])


def test_nothing_is_started_where_pyav_is_not_missing(
    slow_pip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installation.bootstrap, "misses_posters", lambda: False)
    assert installation.begin_posters() is None
