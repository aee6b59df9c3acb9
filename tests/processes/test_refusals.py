"""Commands that cannot run say why in one line."""

from __future__ import annotations

import ast
import runpy
import socket
import sys
from pathlib import Path

import pytest

from tests.processes.conftest import ROOT, Installation, free_port


def test_a_taken_port_is_one_line(nothing: Installation) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", nothing.port))
        other.listen()
        code, output = nothing.run("up", "--port", str(nothing.port))
    place = f"127.0.0.1 port {nothing.port}"
    assert (
        output == f"Cannot listen on {place}: Address already in use. Choose another with --port.\n"
    )
    assert code == 1


def test_what_is_no_port_is_one_line(nothing: Installation) -> None:
    assert nothing.run("up", "--port", "99999") == (
        1,
        "99999 is no port: --port takes 1 to 65535.\n",
    )


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    home = Installation(tmp_path / "file" / "data")
    home.log = tmp_path / "log"
    code, output = home.run("up")
    assert output.startswith(f"Cannot write to the data folder {home.folder}: ")
    assert output.count("\n") == code == 1


@pytest.mark.parametrize("name", ["credentials.keys", "secret.key"])
def test_an_installation_without_its_keys_is_told_and_given_no_new_ones(
    installation: Installation, name: str
) -> None:
    key = installation.folder / "keys" / name
    key.unlink()
    code, output = installation.run("up", "--port", str(installation.port))
    assert str(key.parent) in output
    assert output.count("\n") == code == 1
    assert not key.exists()


def test_a_real_installation_never_becomes_a_demo(installation: Installation) -> None:
    ports = ("--port", str(installation.port), "--simulator-port", str(free_port()))
    code, output = installation.run("up", "--demo", *ports)
    assert "holds a real installation" in output
    assert not (installation.folder / "demo").exists()
    assert output.count("\n") == code == 1


def test_an_old_python_is_told_which_one_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 8, 18, "final", 0))
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(ROOT / "manage.py"), run_name="__main__")
    assert ended.value.code == "Dailies needs Python 3.11 or newer; this is 3.8."


def test_an_old_python_can_read_the_command_line_at_all() -> None:
    tree = ast.parse((ROOT / "manage.py").read_text("ascii"), feature_version=(3, 4))
    modern = (ast.FunctionDef, ast.JoinedStr, ast.AnnAssign, ast.NamedExpr)
    assert not [node for node in ast.walk(tree) if isinstance(node, modern)]
