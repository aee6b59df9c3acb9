"""The test of a credential: one request about a task that does not exist, and what comes back.

A credential that works gets the answer "there is no such task"; anything else says what is wrong.
Where the provider lists tasks, its list is tried as well.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime

from django.utils import timezone

from tasks.encryption import DecryptionError
from tasks.models import Credential
from tasks.models.private_hosts import allowed_private_hosts
from tasks.providers import Answer, Provider, ProviderError, Trouble, recognition
from tasks.providers.dialects.creating import PageRequest
from tasks.providers.dialects.errors import host_time
from tasks.providers.transport import connection_check
from tasks.providers.transport.client import Client, RequestTrace
from tasks.providers.transport.connection_check import CheckReason, CheckResult, CheckState

DEADLINE = 10.0  # seconds for each of the two requests; a person waits for them


def run(pk: int) -> None:
    """Run the test that a page asked for; keep its results while key and address are the same."""
    credential = Credential.objects.get(pk=pk)
    results = examine(credential, now=timezone.now())
    credential.keep_findings([result.as_json() for result in results], timezone.now())


def examine(
    credential: Credential, *, now: datetime, client: Client | None = None
) -> list[CheckResult]:
    """Test a credential, and note on it how the provider answered."""
    try:
        key = credential.reveal_key()
    except DecryptionError:
        return connection_check.key_unreadable()
    test = _ConnectionTest(credential.service, key)
    results = asyncio.run(test.run(credential.base_url, client))
    if test.error and test.error.trouble != Trouble.NOT_FOUND:
        credential.record_error(test.error, now)
    else:
        credential.record_answer(now)
    credential.write_health()
    return results


class _ConnectionTest:
    """The two requests of a test."""

    def __init__(self, service: Provider, key: str) -> None:
        self._service = service
        self._key = key
        self._ahead: float | None = None  # seconds
        self._answer: Answer | None = None  # to the request about the task
        self.error: ProviderError | None = None  # of the request about the task

    async def run(self, base_url: str, client: Client | None) -> list[CheckResult]:
        trace, dialect = RequestTrace(), self._service.dialect
        path = dialect.task_path(dialect.probe_id)
        try:
            client = client or self._client(base_url)
            async with client:
                self.error = await self._ask_for_task(client, path, trace)
                on_list = await self._ask_for_list(client)
        except ProviderError as error:  # there is no header for such a key
            self.error, on_list = error, connection_check.list_not_checked(None)
        met = connection_check.check_request(self.error, trace, url=base_url + path)
        met = (self._with_suggestion(each, base_url) for each in met)
        return [*met, on_list, connection_check.check_clock(self._ahead)]

    def _client(self, base_url: str) -> Client:
        allowed = allowed_private_hosts()
        scheme = self._service.auth_scheme
        return Client(base_url, self._key, scheme=scheme, allowed=allowed, deadline=DEADLINE)

    async def _ask_for_task(
        self, client: Client, path: str, trace: RequestTrace
    ) -> ProviderError | None:
        dialect = self._service.dialect
        try:
            answer = self._answer = await client.get(path, trace)
            self._compare_clocks(answer)
            dialect.read_task(answer, remote_id=dialect.probe_id, base_url=client.base_url)
        except ProviderError as error:
            return self._at_another_provider(self._without_key(error), client.base_url)
        return None

    def _at_another_provider(self, error: ProviderError, base_url: str) -> ProviderError:
        """Take "no such task" for a wrong address, where another kind of provider says it.

        Ark answers a path of a gateway's with a 404 that looks like its own for an unknown task.
        """
        if error.trouble != Trouble.NOT_FOUND:
            return error
        known = recognition.recognize(self._service, base_url=base_url, answer=self._answer)
        if known is None:
            return error
        status = error.status_code
        return ProviderError(
            str(error), trouble=Trouble.BAD_ADDRESS, permanent=True, status_code=status
        )

    async def _ask_for_list(self, client: Client) -> CheckResult:
        """Ask for a short list: of the task that does not exist, else of the newest one."""
        dialect = self._service.dialect
        named = dialect.list_path((dialect.probe_id,))
        request = PageRequest(path=named) if named else dialect.page_request(1, size=1)
        if request is None or not self._service.can_list:
            return connection_check.list_not_checked(CheckReason.NO_LIST)
        if self.error and self.error.trouble != Trouble.NOT_FOUND:
            return connection_check.list_not_checked(None)
        path, body = request.path, request.body
        try:
            answer = await (client.act("POST", path, body) if body else client.get(path))
            dialect.read_list(answer, base_url=client.base_url)
        except ProviderError as error:
            return connection_check.check_list(self._without_key(error), url=client.base_url + path)
        return connection_check.check_list(None, url="")

    def _with_suggestion(self, result: CheckResult, base_url: str) -> CheckResult:
        """Add the provider that a failed step looks like, if it is another one."""
        if result.state != CheckState.FAILED or result.why not in recognition.TELLING:
            return result
        known = recognition.recognize(
            self._service, base_url=base_url, key=self._key, answer=self._answer
        )
        return replace(result, suggests=known.slug if known else "")

    def _compare_clocks(self, answer: Answer) -> None:
        theirs = host_time(answer.headers)
        self._ahead = (theirs - timezone.now()).total_seconds() if theirs else None

    def _without_key(self, error: ProviderError) -> ProviderError:
        """Replace the key in the error's message: some gateways repeat it in their refusal."""
        error.args = (str(error).replace(self._key, f"…{self._key[-4:]}"),)
        return error
