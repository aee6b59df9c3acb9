"""A provider as fast as one Python process can be: a protocol that only counts and answers.

Run as a process of its own: python -m benchmarks.fast_provider --port 9301 --latency 0.1
It answers GET …/{id} with a native task of about 1.8 kB. Of the answers about one task, `--changed`
(a share) differ from the one before; with `--restless` all differ in bytes, as if a gateway stamped
each answer with the time. A POST gets a new id, after `--create-latency` seconds. GET /counts tells
how many creates and questions about tasks came.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re

from benchmarks.cores import own_core

LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
PADDING = "a quiet harbour before sunrise, gulls, slow push-in, 35 mm, " * 22


class Provider(asyncio.Protocol):
    latency = create_latency = 0.0
    changed = 0.2
    restless = False
    answers = asked = creates = 0
    versions: dict[bytes, int] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[: end + 4]
            length = LENGTH.search(head)
            if len(self.buffer) < (end := end + 4 + int(length[1] if length else 0)):
                return
            self.buffer = self.buffer[end:]
            method, path = head.split(b" ", 2)[:2]
            answer = created() if method == b"POST" else respond(path)
            latency = self.create_latency if method == b"POST" else self.latency
            if latency:
                asyncio.get_running_loop().call_later(latency, self.transport.write, answer)
            else:
                self.transport.write(answer)


def created() -> bytes:
    Provider.creates += 1
    return answer_of(json.dumps({"id": f"cgt-20261121120000-{Provider.creates:06}"}).encode())


def respond(path: bytes) -> bytes:
    if path == b"/counts":
        counts = {"create": Provider.creates, "task": Provider.asked}
        return answer_of(json.dumps(counts).encode())
    Provider.answers += 1
    Provider.asked += b"/tasks" in path
    remote_id = path.rpartition(b"/")[2]
    version = Provider.versions.get(remote_id, 0)
    if hash((remote_id, Provider.answers)) % 1000 < Provider.changed * 1000:
        version += 1
        Provider.versions[remote_id] = version
    stamp = Provider.answers if Provider.restless else 0
    return answer_of(native_task(remote_id.decode(), version, stamp))


def answer_of(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
        len(body),
        body,
    )


def native_task(remote_id: str, version: int, stamp: int) -> bytes:
    return json.dumps(
        {
            "id": remote_id,
            "model": "doubao-seedance-2-0-260128",
            "status": "running",
            "created_at": 1784279786,
            "updated_at": 1784279790 + version,
            "seed": 78674,
            "resolution": "720p",
            "ratio": "16:9",
            "duration": 5,
            "framespersecond": 24,
            "service_tier": "default",
            "execution_expires_after": 172800,
            "generate_audio": True,
            "draft": False,
            "priority": 0,
            "revised_prompt": PADDING,
            "stamp": stamp,
        }
    ).encode()


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Provider, "127.0.0.1", port)
    print(f"listens on http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--create-latency", type=float, default=0.0, help="… to a create")
    parser.add_argument("--changed", type=float, default=0.2)
    parser.add_argument("--restless", action="store_true")
    parser.add_argument("--core", type=int, help="stay on this one")
    chosen = parser.parse_args()
    if chosen.core is not None:
        own_core(chosen.core)
    Provider.latency, Provider.changed = chosen.latency, chosen.changed
    Provider.create_latency, Provider.restless = chosen.create_latency, chosen.restless
    asyncio.run(serve(chosen.port))


if __name__ == "__main__":
    main()
