"""An S3 server in a process of its own, and the site's storage as its settings point it there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import boto3
import httpx
import pytest
from django.conf import settings as site
from django.core.files.storage import Storage, storages

from tests.processes.conftest import free_port
from tests.web.conftest import client_of, save_copy

__all__ = ["client_of", "save_copy"]  # fixtures

KEY_ID, SECRET = "AKIDTHEARCHIVE", "wJalrXUtnFEMI-a-secret-for-tests"


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """The address of an S3 server in a process of its own, with one empty bucket."""
    address = f"http://127.0.0.1:{(port := free_port())}"
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(address, server)
        client = boto3.client(
            "s3",
            endpoint_url=address,
            region_name="eu-central-1",
            aws_access_key_id=KEY_ID,
            aws_secret_access_key=SECRET,
        )
        where = {"LocationConstraint": "eu-central-1"}
        client.create_bucket(Bucket="dailies-videos", CreateBucketConfiguration=where)
        yield address
    finally:
        server.terminate()
        server.wait(10)


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while True:
        assert server.poll() is None, "the S3 server ended by itself"
        assert time.monotonic() < deadline, "the S3 server does not answer"
        try:
            httpx.get(address, trust_env=False)
            return
        except httpx.TransportError:
            time.sleep(0.1)


def settings_of(**environment: str) -> dict[str, Any]:
    """STORAGES["videos"] as a process with these variables has it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    output = subprocess.run(
        [
            sys.executable,
            "-c",
            "import json; from seedance_site import settings;"
            "print(json.dumps(settings.STORAGES['videos'], default=str))",
        ],
        env=kept | environment,
        cwd=site.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(output.stdout)
    return found


@pytest.fixture(scope="session")
def in_the_bucket(endpoint: str) -> dict[str, Any]:
    return settings_of(
        DAILIES_S3_BUCKET="dailies-videos",
        DAILIES_S3_ENDPOINT=endpoint,
        DAILIES_S3_REGION="eu-central-1",
        DAILIES_S3_KEY_ID=KEY_ID,
        DAILIES_S3_SECRET=SECRET,
    )


@pytest.fixture
def videos(in_the_bucket: dict[str, Any], settings: Any) -> Storage:
    settings.STORAGES = settings.STORAGES | {"videos": in_the_bucket}
    return storages["videos"]
