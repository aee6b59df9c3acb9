"""A provider's real limits are kept, also from one sweep to the next."""

import pytest

from tasks.models import Credential, Project
from tasks.tracking import refresh
from tests.tracking.conftest import track
from tests.tracking.in_process import InProcess, Network


@pytest.mark.parametrize(("tasks", "operation"), [(5, "list"), (2, "get")])
def test_no_request_exceeds_the_providers_limit(
    tasks: int, operation: str, credential: Credential, project: Project, network: Network
) -> None:
    clock = network.time.clock
    with InProcess(network, limits=True, clock=network.time.unix) as sim:
        credential.provider, credential.check_seconds = "volcengine", 0.05
        credential.base_url = sim.base_url("volcengine")
        credential.replace_key("sim-test")
        credential.save()
        for _ in range(tasks):
            remote_id = sim.create("sim:stuck")
            track(remote_id, credential=credential, project=project, now=clock())
        for seconds in (1.3, 0.3, 1.3):
            refresh.sweep(seconds, clock=clock)
        assert sim.counts.operations[operation] >= 2
        assert {seen.status for seen in sim.requests_seen} == {200}
