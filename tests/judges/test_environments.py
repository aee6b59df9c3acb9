"""Environments of the judges: apart from the product's, pinned, and not always to be had."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.judges import environments

HERE, ROOT = Path(__file__).parent, Path(__file__).parents[2]
WANTED = re.findall(r"^([\w-]+)==", (HERE / "requirements.in").read_text(), re.MULTILINE)


@pytest.fixture(autouse=True)
def nothing_to_install_from(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Take Node.js and all packages away, and install into a folder of the test's own."""
    monkeypatch.setattr(environments, "CACHE", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")


@pytest.mark.parametrize("install", [environments.node, environments.python])
def test_a_judge_that_cannot_be_installed_is_skipped_with_a_sentence(
    install: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DAILIES_JUDGES", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"cannot be installed: .{10}"):
        install()


@pytest.mark.parametrize("install", [environments.node, environments.python])
def test_a_judge_that_is_required_fails_instead(
    install: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAILIES_JUDGES", "required")
    with pytest.raises(pytest.fail.Exception, match=r"cannot be installed: .{10}"):
        install()


def test_no_judge_is_in_a_lock_of_the_product() -> None:
    assert len(WANTED) == 5
    for lock in ROOT.glob("requirements*.lock"):
        assert not set(re.findall(r"^([\w-]+)==", lock.read_text(), re.MULTILINE)) & set(WANTED)


def test_every_package_of_a_judge_is_pinned_with_a_hash_and_without_a_host() -> None:
    lock = (HERE / "requirements.lock").read_text()
    assert "://" not in lock
    for block in re.split(r"\n(?=\w)", lock.strip()):
        assert re.match(r"[\w.-]+==\S+", block) and "--hash=sha256:" in block
    packages = json.loads((HERE / "package-lock.json").read_text())["packages"]
    own = packages.pop("")
    assert all(re.fullmatch(r"[\d.]+", version) for version in own["dependencies"].values())
    assert all(each["integrity"] and "resolved" not in each for each in packages.values())
