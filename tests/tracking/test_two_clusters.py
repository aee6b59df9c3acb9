"""Two clusters on one database, at the very same time."""

import threading

import pytest
from django.db import connection
from django.utils import timezone

from tasks.models import Credential, Project, Task
from tasks.tracking import refresh

pytestmark = [pytest.mark.sockets, pytest.mark.django_db(transaction=True)]


def test_no_check_is_made_twice(credential: Credential, project: Project) -> None:
    ids = [f"cgt-20261120120000-{number:05}" for number in range(400)]
    now = timezone.now()
    Task.objects.track(ids, credential=credential, project=project, created_by=None, now=now)
    claimed: list[int] = []
    start = threading.Barrier(4)

    def cluster() -> None:
        start.wait()
        for _ in range(20):
            claimed.extend(q.pk for q in refresh.claim(credential, now, limit=7))
        connection.close()

    clusters = [threading.Thread(target=cluster) for _ in range(4)]
    for each in clusters:
        each.start()
    for each in clusters:
        each.join()
    assert len(claimed) == len(set(claimed)) == 400


def test_only_one_of_them_sweeps(credential: Credential, project: Project) -> None:
    start = threading.Barrier(4)
    swept: list[bool] = []

    def cluster() -> None:
        start.wait()
        swept.append(refresh.sweep(0.3) is not None)
        connection.close()

    clusters = [threading.Thread(target=cluster) for _ in range(4)]
    for each in clusters:
        each.start()
    for each in clusters:
        each.join()
    assert swept.count(True) == 1
