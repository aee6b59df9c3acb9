"""Does this credential work? One question about a task that is nobody's, and what its answer means.

An account that is let in hears "there is no such task"; everything else says what is in the way.
Where many tasks can be asked for at once, that is tried as well.
"""

from __future__ import annotations

import asyncio
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from tasks.models import Credential
from tasks.providers import Answer, Provider, ProviderError, Trouble, findings
from tasks.providers.client import Client, Journey
from tasks.providers.findings import Finding, Why
from tasks.providers.guard import Allowed
from tasks.providers.trouble import host_time
from tasks.sealing import Unreadable

DEADLINE = 10.0  # seconds for each of the two questions; a person waits for them


def run(pk: int) -> None:
    """The test that a page asked for; its findings stay on the row, if the key does."""
    credential = Credential.objects.get(pk=pk)
    found = examine(credential, now=timezone.now())
    credential.keep_findings([each.as_json() for each in found], timezone.now())


def examine(
    credential: Credential, *, now: datetime, client: Client | None = None
) -> list[Finding]:
    """Ask, and note on the credential how it fares."""
    try:
        key = credential.reveal_key()
    except Unreadable:
        return findings.unreadable()
    probe = _Probe(credential.service, key)
    found = asyncio.run(probe.ask(credential.base_url, client))
    if probe.error and probe.error.trouble != Trouble.NOT_FOUND:
        credential.miss(probe.error, now)
    else:
        credential.hear(now)
    credential.write_health()
    return found


class _Probe:
    def __init__(self, service: Provider, key: str) -> None:
        self._service = service
        self._key = key
        self._ahead: float | None = None  # seconds
        self.error: ProviderError | None = None  # of the question about nobody's task

    async def ask(self, base_url: str, client: Client | None) -> list[Finding]:
        journey, dialect = Journey(), self._service.dialect
        path = dialect.task_path(dialect.probe_id)
        try:
            client = client or self._client(base_url)
            async with client:
                self.error = await self._task(client, path, journey)
                on_list = await self._list(client)
        except ProviderError as error:  # there is no header for such a key
            self.error, on_list = error, findings.no_list(None)
        met = findings.on_the_way(self.error, journey, url=base_url + path)
        return [*met, on_list, findings.of_clock(self._ahead)]

    def _client(self, base_url: str) -> Client:
        allowed = Allowed.parse(settings.PRIVATE_HOSTS)
        return Client(base_url, self._key, allowed=allowed, deadline=DEADLINE)

    async def _task(self, client: Client, path: str, journey: Journey) -> ProviderError | None:
        dialect = self._service.dialect
        try:
            answer = await client.get(path, journey)
            self._look_at_its_clock(answer)
            dialect.read_task(answer, remote_id=dialect.probe_id, base_url=client.base_url)
        except ProviderError as error:
            return self._without_key(error)
        return None

    async def _list(self, client: Client) -> Finding:
        """One that names nobody's task, so that it is as short as can be."""
        dialect = self._service.dialect
        path = dialect.list_path((dialect.probe_id,)) if self._service.can_list else None
        if path is None:
            return findings.no_list(Why.NO_LIST)
        if self.error and self.error.trouble != Trouble.NOT_FOUND:
            return findings.no_list(None)
        try:
            answer = await client.get(path)
            dialect.read_list(answer, base_url=client.base_url)
        except ProviderError as error:
            return findings.of_list(self._without_key(error), url=client.base_url + path)
        return findings.of_list(None, url="")

    def _look_at_its_clock(self, answer: Answer) -> None:
        theirs = host_time(answer.headers)
        self._ahead = (theirs - timezone.now()).total_seconds() if theirs else None

    def _without_key(self, error: ProviderError) -> ProviderError:
        """Some gateways repeat the key in their refusal."""
        error.args = (str(error).replace(self._key, f"…{self._key[-4:]}"),)
        return error
