"""The providers' sample answers, and how a test asks a dialect to read one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tasks.providers import Answer, ProviderError, RemoteTask, provider

SAMPLES = Path(__file__).parent.parent / "samples"
NAMES = sorted(str(path.relative_to(SAMPLES))[:-5] for path in SAMPLES.rglob("*.json"))
BASE_URL = "https://gateway.example"


def body(name: str) -> Any:
    """One sample, parsed."""
    return json.loads((SAMPLES / f"{name}.json").read_text())


def answer(
    content: object, status_code: int = 200, headers: Mapping[str, str] | None = None
) -> Answer:
    """An answer with this JSON, or these bytes, as its body."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Answer(status_code=status_code, headers=headers or {}, body=raw)


def sample_answer(name: str) -> Answer:
    """A sample as it came: `error-404-…` with that status."""
    stem = name.rpartition("/")[2]
    status_code = int(stem.split("-")[1]) if stem.startswith("error-") else 200
    return answer((SAMPLES / f"{name}.json").read_bytes(), status_code)


def asked_id(content: Any) -> str:
    """The id one would have asked for to get this body."""
    inner = content.get("data") if isinstance(content.get("data"), dict) else content
    return inner.get("task_id") or inner.get("id") or "cgt-20260101000000-nobdy"


def read(
    content: Any, remote_id: str = "", *, slug: str = "native", base_url: str = BASE_URL
) -> RemoteTask:
    """The task in a JSON body."""
    remote_id = remote_id or asked_id(content)
    dialect = provider(slug).dialect
    return dialect.read_task(answer(content), remote_id=remote_id, base_url=base_url)


def read_sample(name: str, *, slug: str = "native", base_url: str = BASE_URL) -> RemoteTask:
    """The task in a sample file."""
    return read(body(name), slug=slug, base_url=base_url)


def refused(content: Answer, remote_id: str = "cgt-20260101000000-nobdy") -> ProviderError:
    """The error an answer is read to."""
    with pytest.raises(ProviderError) as caught:
        provider("native").dialect.read_task(content, remote_id=remote_id, base_url=BASE_URL)
    return caught.value


def at(seconds: int) -> datetime:
    """A unix time."""
    return datetime.fromtimestamp(seconds, UTC)


def said(task: RemoteTask) -> dict[str, Any]:
    """Every field of a task that says something, but for the raw answer."""
    fields = {name: getattr(task, name) for name in RemoteTask.__dataclass_fields__}
    del fields["raw"]
    return {
        name: value
        for name, value in fields.items()
        if value is not False and value not in (None, "", ())
    }
