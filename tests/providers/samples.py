"""Sample answers of providers, and helpers that let a dialect read them."""

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
    """Return a sample as parsed JSON."""
    return json.loads((SAMPLES / f"{name}.json").read_text())


def answer(
    content: object, status_code: int = 200, headers: Mapping[str, str] | None = None
) -> Answer:
    """Make an answer whose body is this JSON, or these bytes."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Answer(status_code=status_code, headers=headers or {}, body=raw)


def sample_answer(name: str) -> Answer:
    """Return a sample with its HTTP status: that of `error-404-…` is 404, any other 200."""
    stem = name.rpartition("/")[2]
    status_code = int(stem.split("-")[1]) if stem.startswith("error-") else 200
    return answer((SAMPLES / f"{name}.json").read_bytes(), status_code)


def id_in(content: Any) -> str:
    """Return the task id that this body answers."""
    inner = content.get("data") if isinstance(content.get("data"), dict) else content
    ids = (holder.get(name) for holder in (inner, content) for name in ("task_id", "id"))
    return next((each for each in ids if each), "cgt-20260101000000-nobdy")


def read(
    content: Any, remote_id: str = "", *, slug: str = "native", base_url: str = BASE_URL
) -> RemoteTask:
    """Read the task in a JSON body."""
    remote_id = remote_id or id_in(content)
    dialect = provider(slug).dialect
    return dialect.read_task(answer(content), remote_id=remote_id, base_url=base_url)


def read_sample(name: str, *, slug: str = "native", base_url: str = BASE_URL) -> RemoteTask:
    """Read the task in a sample file."""
    return read(body(name), slug=slug, base_url=base_url)


def error_of(content: Answer, remote_id: str = "cgt-20260101000000-nobdy") -> ProviderError:
    """Return the error that reading an answer raises."""
    with pytest.raises(ProviderError) as caught:
        provider("native").dialect.read_task(content, remote_id=remote_id, base_url=BASE_URL)
    return caught.value


def at(seconds: int) -> datetime:
    """Return a unix time as a datetime."""
    return datetime.fromtimestamp(seconds, UTC)


def filled_fields(task: RemoteTask) -> dict[str, Any]:
    """Return the fields of a task that are filled, without the raw answer."""
    fields = {name: getattr(task, name) for name in RemoteTask.__dataclass_fields__}
    del fields["raw"]
    return {
        name: value
        for name, value in fields.items()
        if value is not False and value not in (None, "", ())
    }
