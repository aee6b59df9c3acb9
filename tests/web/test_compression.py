"""Compression of pages, and of nothing else."""

import gzip

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tasks.models import Task
from tests.conftest import MakeTask


@pytest.fixture
def desk(client: Client, member: User) -> Client:
    client.force_login(member)
    client.defaults["HTTP_ACCEPT_ENCODING"] = "gzip, deflate, br"
    return client


def test_a_page_is_compressed(desk: Client) -> None:
    answer = desk.get("/")
    assert answer["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer["Vary"]
    assert b"</html>" in gzip.decompress(answer.content)
    assert int(answer["Content-Length"]) == len(answer.content)


def test_a_browser_that_takes_no_compression_gets_none(desk: Client) -> None:
    answer = desk.get("/", headers={"accept-encoding": "identity"})
    assert "Content-Encoding" not in answer
    assert b"</html>" in answer.content


@pytest.mark.parametrize("path", ["/tasks/download.zip", "/audit/export.csv"])
def test_a_stream_is_not_compressed(
    path: str, desk: Client, make_task: MakeTask, staff: User
) -> None:
    task: Task = make_task()
    desk.force_login(staff)
    answer = desk.post(path, {"task": task.pk})
    assert answer.streaming
    assert "Content-Encoding" not in answer
