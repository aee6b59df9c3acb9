"""Tell what an official SDK of Ark would send for each call that stdin names.

sdk_requests.py MODULE
{"call": "delete", "arguments": {"task_id": "cgt-1"}}
→ {"method": "DELETE", "path": "/contents/generations/tasks/cgt-1", "query": [], "body": null}
"""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any

import httpx

BASE_URL = "https://ark.example/api/v3"
seen: list[httpx.Request] = []


def answer(request: httpx.Request) -> httpx.Response:
    """Keep the request, and answer what any of the calls is content with."""
    seen.append(request)
    return httpx.Response(200, json={"id": "cgt-20261120120000-abcde", "total": 0, "items": []})


def as_json(request: httpx.Request) -> dict[str, Any]:
    """Write a request: path below the base URL, sorted query, body with its nulls."""
    return {
        "method": request.method,
        "path": request.url.path.removeprefix("/api/v3"),
        "query": sorted(request.url.params.multi_items()),
        "body": json.loads(request.content or "null") or None,
    }


def main() -> None:
    """Answer one line of stdin after another."""
    http = httpx.Client(transport=httpx.MockTransport(answer), verify=False)
    sdk: Any = importlib.import_module(sys.argv[1])
    client = sdk.Ark(api_key="sk-of-the-tests", base_url=BASE_URL, http_client=http)
    for line in sys.stdin:
        asked = json.loads(line)
        getattr(client.content_generation.tasks, asked["call"])(**asked["arguments"])
        print(json.dumps(as_json(seen.pop())), flush=True)


if __name__ == "__main__":
    main()
