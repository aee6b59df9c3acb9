"""Other people's clients, unmodified, pass every step at an installation of ours.

It is a real one, whose provider is the simulator; base URL and key are all that the clients get.
They are started together, because most of their time they wait for a task to end.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tasks.simulator.server import Simulator
from tasks.web.presenters.connecting import tools
from tests.judges import environments
from tests.processes.conftest import Installation

HERE = Path(__file__).parent
PATIENCE = 600  # seconds for a judge
SNIPPETS = ("curl", "volcengine", "byteplus", "openai", "ai-sdk")
OPTIONS = ("--patience", "240", "--pause", "0.5", "--at-once", "6", "--refused-later")
Command = list[str | Path]
#: The provider of each judge's tokens.
JUDGES = {
    "volcenginesdkarkruntime": "volcengine",
    "byteplussdkarkruntime": "byteplus",
    "ai_sdk": "byteplus",
    "openai": "volcengine",
    "byteplus_wrapper": "byteplus",
    "mcp_server": "volcengine",
    "connect": "volcengine",
}


class Dailies(Installation):
    """An installation that asks the simulator, with tokens for each judge."""

    tokens: dict[str, dict[str, str]]

    def environment(self) -> dict[str, str]:
        ours = {
            "DAILIES_PRIVATE_HOSTS": "127.0.0.0/8",
            "DAILIES_TAKES_PER_MINUTE": "0",
            "DJANGO_SETTINGS_MODULE": "seedance_site.settings",
        }
        return super().environment() | ours

    def furnish(self, sim: Simulator) -> None:
        given = [f"{judge}={slug}={sim.base_url(slug)}" for judge, slug in JUDGES.items()]
        out, errors = (self.log.with_name(f"furnish.{name}") for name in ("out", "errors"))
        code = self._run("-m", "tests.judges.furnish", *given, out=out, errors=errors)
        assert code == 0, errors.read_text()
        self.tokens = json.loads(out.read_text())

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class Trial:
    """A program that runs in a folder of its own, with what it printed; or why it cannot."""

    def __init__(self, folder: Path, command: Callable[[], Command], **variables: str) -> None:
        folder.mkdir()
        self.folder, self._why_not = folder, None
        try:
            words = [str(part) for part in command()]
        except (pytest.skip.Exception, pytest.fail.Exception) as why:
            self._why_not = why
            return
        with (folder / "out").open("w") as out, (folder / "errors").open("w") as errors:
            self._process = subprocess.Popen(
                words,
                cwd=folder,
                env=environments.variables() | variables,
                stdout=out,
                stderr=errors,
            )

    def output(self) -> str:
        """Wait for its end, which must be a good one."""
        if self._why_not:
            raise self._why_not
        code = self._process.wait(PATIENCE)
        assert code == 0, (self.folder / "errors").read_text()
        return (self.folder / "out").read_text()

    def troubles(self, least: int) -> dict[str, str]:
        """Wait for its end; return what went wrong in those of a judge's steps that failed."""
        steps = json.loads(self.output().splitlines()[-1])
        assert len(steps) >= least, "a judge that asks nothing finds nothing"
        return {name: error for name, error in steps.items() if error}

    def end(self) -> None:
        if not self._why_not and self._process.poll() is None:
            self._process.kill()
            self._process.wait()


@pytest.fixture(scope="module")
def dailies(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dailies]:
    home = Dailies(shutil.copytree(furnished, tmp_path_factory.mktemp("judged") / "data"))
    with Simulator(speed=50) as sim:
        try:
            home.furnish(sim)
            home.up()
            yield home
        finally:
            home.end()
            print(home.output())


@pytest.fixture(scope="module")
def trials(
    dailies: Dailies, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Trial]]:
    """All programs that are tried, already running."""
    folder, ark, v1 = tmp_path_factory.mktemp("trials"), *_base_urls(dailies)
    python, node = _found(environments.python), _found(environments.node)
    began: dict[str, Trial] = {}

    def begin(name: str, command: Callable[[], Command]) -> None:
        keys = json.dumps(dailies.tokens.get(name, {}))
        began[name] = Trial(folder / name, command, JUDGE_KEYS=keys)

    def script(name: str, *given: str) -> Callable[[], Command]:
        return lambda: [python(), HERE / f"{name}.py", *given, *OPTIONS]

    begin("volcenginesdkarkruntime", script("ark_sdk", "volcenginesdkarkruntime", ark, "doubao"))
    begin("byteplussdkarkruntime", script("ark_sdk", "byteplussdkarkruntime", ark, "dreamina"))
    begin("openai", script("openai_videos", v1, "doubao"))
    begin("byteplus_wrapper", script("byteplus_wrapper", ark, str(folder)))
    begin("mcp_server", script("mcp_server", ark, str(folder)))
    # A create is sent to the provider once, so one that answers 503 is not asked again.
    left_out = ("--without", "an_overload")
    begin("ai_sdk", lambda: [*_node(node, HERE / "ai_sdk.mjs"), ark, *OPTIONS, *left_out])
    for slug, lines in _snippets(dailies).items():
        path = folder / f"{slug}.lines"
        path.write_text(lines)
        begin(f"lines-{slug}", partial(_command, slug, path, python, node))
    yield began
    for each in began.values():
        each.end()


def _base_urls(dailies: Dailies) -> tuple[str, str]:
    return f"{dailies.origin}/api/v3", f"{dailies.origin}/v1"


def _found(environment: Callable[[], Path]) -> Callable[[], Path]:
    """Look for an environment once; return a function that returns it, or says why not."""
    try:
        found = environment()
    except (pytest.skip.Exception, pytest.fail.Exception) as error:
        why = error

        def refuse() -> Path:
            raise why

        return refuse
    return lambda: found


def _snippets(dailies: Dailies) -> dict[str, str]:
    token = dailies.tokens["connect"]["sim-judge"]
    shown = tools(dailies.origin, token, "doubao-seedance-2-0-260128")
    return {tool.slug: tool.lines for tool in shown if tool.slug in SNIPPETS}


def _node(node: Callable[[], Path], script: Path) -> Command:
    """Copy a script to where its packages are looked for, under a name of this file's own."""
    return ["node", shutil.copy(script, node() / f"dailies-{script.stem}.mjs")]


def _command(
    slug: str, lines: Path, python: Callable[[], Path], node: Callable[[], Path]
) -> Command:
    """Return the command for lines of the page that connects programs."""
    if slug == "ai-sdk":
        return _node(node, lines)
    if slug != "curl":
        return [python(), lines]
    if not shutil.which("curl"):
        pytest.skip("there is no curl on this machine")
    return ["bash", "-e", lines]


@pytest.mark.parametrize("name", ["volcenginesdkarkruntime", "byteplussdkarkruntime"])
def test_an_official_sdk_of_arks_passes(trials: dict[str, Trial], name: str) -> None:
    assert not trials[name].troubles(20)


def test_openais_sdk_passes(trials: dict[str, Trial]) -> None:
    assert not trials["openai"].troubles(20)


def test_byteplus_py_passes(trials: dict[str, Trial]) -> None:
    assert not trials["byteplus_wrapper"].troubles(13)


def test_seedance_mcp_server_passes(trials: dict[str, Trial]) -> None:
    assert not trials["mcp_server"].troubles(10)


def test_ai_sdk_bytedance_passes(trials: dict[str, Trial]) -> None:
    assert not trials["ai_sdk"].troubles(16)


# The lines of the page that connects programs, as they stand there


def _is_video(path: Path) -> bool:
    return path.read_bytes()[4:8] == b"ftyp"


def _answers(text: str) -> list[Any]:
    """Read one JSON text after another."""
    decoder, found, at = json.JSONDecoder(), [], 0
    while at < len(text.rstrip()):
        answer, at = decoder.raw_decode(text, at)
        found.append(answer)
    return found


def test_the_lines_for_curl_list_models_and_create_a_video(trials: dict[str, Trial]) -> None:
    models, made = _answers(trials["lines-curl"].output())
    assert models["data"] and made["id"].startswith("cgt-")


@pytest.mark.parametrize("slug", ["volcengine", "byteplus"])
def test_the_lines_for_arks_sdks_create_a_video(trials: dict[str, Trial], slug: str) -> None:
    assert trials[f"lines-{slug}"].output().strip() in ("queued", "running", "succeeded")


def test_the_lines_for_openais_sdk_download_a_video(trials: dict[str, Trial]) -> None:
    trial = trials["lines-openai"]
    trial.output()
    assert _is_video(trial.folder / "boat.mp4")


def test_the_lines_for_the_ai_sdk_download_a_video(trials: dict[str, Trial]) -> None:
    assert trials["lines-ai-sdk"].output() == ""
