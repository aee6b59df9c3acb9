"""Does this credential work? One question about a task that is nobody's, and what its answer means.

An account that is let in hears "there is no such task"; everything else says what is in the way.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from tasks.models import Credential
from tasks.providers import Provider, ProviderError, Trouble
from tasks.providers.client import Client
from tasks.providers.guard import Allowed
from tasks.sealing import Unreadable
from tasks.sentences import trouble_sentence

DEADLINE = 10.0  # seconds; a person waits for it

#: Where the sentence of everyday checking would not fit a person who just typed something.
_HERE = {
    Trouble.RATE_LIMITED: _(
        "The provider answers, but asks for fewer requests, so the key could not be judged. "
        "Test again in a minute."
    ),
    Trouble.SERVER: _(
        "The provider has an error of its own, so the key could not be judged. "
        "Test again in a few minutes."
    ),
    Trouble.MODEL_NOT_OPEN: _(
        "The key is accepted, but the model is not open to this account. Open it in the "
        "provider's console."
    ),
    Trouble.EMPTY: _(
        "The answer was empty. Compare the base URL with the provider's documentation."
    ),
    Trouble.WRONG_TASK: _(
        "The answer was about another task. Check that the credential is set to the right provider."
    ),
    Trouble.TIMEOUT: _(
        "No answer in time. Check the base URL, and whether this server can reach the provider."
    ),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnosis:
    """`detail` is the provider's or the network's own word, and the address that was asked."""

    ok: bool
    sentence: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.sentence} ({self.detail})" if self.detail else self.sentence


def diagnose(error: ProviderError | None, *, asked: str) -> Diagnosis:
    """Read what asking for the probe brought; no error at all is as good as 'no such task'."""
    if error is None or error.trouble == Trouble.NOT_FOUND:
        return Diagnosis(ok=True, sentence=str(_("The provider answers and accepts the key.")))
    sentence = str(_HERE.get(error.trouble) or trouble_sentence(error.trouble))
    detail = " · ".join(filter(None, [_said(error), f"GET {asked}"]))
    return Diagnosis(ok=False, sentence=sentence, detail=detail)


def _said(error: ProviderError) -> str:
    """Status, code and the provider's own words, without our sentence in front of them."""
    _sentence, found, rest = str(error).partition(" (HTTP ")
    return f"HTTP {rest.replace(')', '', 1)}" if found else ""


def examine(credential: Credential, *, now: datetime, client: Client | None = None) -> Diagnosis:
    """Ask once, note on the credential how it fares, and say it."""
    try:
        key = credential.reveal_key()
    except Unreadable:
        return Diagnosis(ok=False, sentence=str(_("The stored key cannot be read: type it again.")))
    client = client or _client(credential.base_url, key)
    error = asyncio.run(_ask(client, credential.service))
    error = _without_key(error, key) if error else None
    diagnosis = diagnose(error, asked=client.base_url + _probe_path(credential.service))
    if diagnosis.ok or error is None:
        credential.hear(now)
    else:
        credential.miss(error, now)
    credential.save(update_fields=Credential.HEALTH_FIELDS)
    return diagnosis


def _client(base_url: str, key: str) -> Client:
    allowed = Allowed.parse(settings.PRIVATE_HOSTS)
    return Client(base_url, key, allowed=allowed, deadline=DEADLINE)


async def _ask(client: Client, service: Provider) -> ProviderError | None:
    try:
        async with client:
            answer = await client.get(_probe_path(service))
        service.dialect.read_task(
            answer, remote_id=service.dialect.probe_id, base_url=client.base_url
        )
    except ProviderError as error:
        return error
    return None


def _probe_path(service: Provider) -> str:
    return service.dialect.task_path(service.dialect.probe_id)


def _without_key(error: ProviderError, key: str) -> ProviderError:
    """Some gateways repeat the key in their refusal."""
    error.args = (str(error).replace(key, f"…{key[-4:]}"),)
    return error
