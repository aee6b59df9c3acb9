"""The newest task of a credential, by which those used last are offered first."""

from __future__ import annotations

from typing import Any

from tasks.models import Credential, Project
from tests.conftest import MakeTask


def test_the_newest_task_of_each_credential_is_known(
    make_task: MakeTask, credential: Credential, project: Project
) -> None:
    unused = Credential.objects.create(name="Unused", provider="byteplus", base_url="https://b")
    tasks = [make_task() for _ in range(3)]
    rows: Any = Credential.objects.with_latest_task()
    found = dict(rows.values_list("pk", "latest_task"))
    assert found == {credential.pk: tasks[-1].pk, unused.pk: None}
