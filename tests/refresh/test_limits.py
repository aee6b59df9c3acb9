"""A provider's real limits are kept, also from one sweep to the next."""

import pytest
from django.utils import timezone

from tasks import refresh
from tasks.models import Credential, Project
from tasks.simulator.server import Simulator
from tests.refresh.conftest import track


@pytest.mark.parametrize(("tasks", "operation"), [(5, "list"), (2, "get")])
def test_no_request_is_one_too_many(
    tasks: int, operation: str, credential: Credential, project: Project
) -> None:
    with Simulator(limits=True) as sim:
        credential.provider, credential.check_seconds = "volcengine", 0.05
        credential.base_url = sim.base_url("volcengine")
        credential.replace_key("sim-test")
        credential.save()
        for _ in range(tasks):
            remote_id = sim.create("sim:stuck")
            track(remote_id, credential=credential, project=project, now=timezone.now())
        for seconds in (1.3, 0.3, 1.3):
            refresh.sweep(seconds)
        assert sim.counts.operations[operation] >= 2
        assert {seen.status for seen in sim.requests_seen} == {200}
