"""Form values and pages that the tests of credentials share."""

from collections import Counter
from typing import Any

from django.urls import reverse

from tasks.models import (
    Credential,
    Project,
    latency,
)
from tasks.models.health import AnswerTally

KEY = "sk-canary-9c1e07aa45d2"


ADD = "/credentials/add/"


def filled(**fields: Any) -> dict[str, Any]:
    return {"provider": "dataeyes", "name": "Gateway", "base_url": "", "key": KEY, **fields}


def changed(credential: Credential, **fields: Any) -> dict[str, Any]:
    """The values of the settings form as the page shows it, with changes."""
    kept = {name: getattr(credential, name) for name in ("provider", "name", "base_url")}
    return {**kept, **fields}


def page_of(credential: Credential) -> str:
    return reverse("credential", args=[credential.pk])


def another(name: str, *projects: Project) -> Credential:
    row = Credential(name=name, provider="dataeyes", base_url="https://a.example")
    row.open_to_all = not projects
    row.replace_key("sk-another-0123456789")
    row.save()
    row.projects.set(projects)
    return row


def heard(answers: int, seconds: float = 0.2, **troubles: int) -> AnswerTally:
    return AnswerTally(answers, Counter(troubles), Counter({latency.bin_of(seconds): answers}))
