"""Drive seedance-mcp-server, in a process of its own, through every tool that it has for videos.

mcp_server.py BASE_URL FOLDER [options as in steps.py]
mcp_server.py http://127.0.0.1:8901/volcengine/api/v3 /tmp/pictures
"""

from __future__ import annotations

import asyncio
import json
import sys
import urllib.request
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import steps
from mcp import ClientSession, StdioServerParameters, stdio_client
from steps import UNTIL_ASKED

given = steps.options("base_url", "folder")
FOLDER = Path(given.folder)
SERVER = Path(sys.executable).with_name("seedance-mcp-server")
MODEL = "doubao-seedance-2-0-260128"
PICTURE = "https://images.example.com/apple.jpg"
NOBODYS = "cgt-20261120120000-abcde"
PAUSE = round(given.pause)  # it knows whole seconds only
QUICKLY = {"poll_interval": PAUSE, "poll_max_retries": 100_000}

Call = Callable[..., Coroutine[Any, Any, dict[str, Any]]]


async def text_to_video(call: Call) -> None:
    made = await call(
        "text_to_video",
        prompt="A red panda lifts a cup sim:queue=5 sim:run=10",
        resolution="720p",
        seed=-1,
        generate_audio=True,
        watermark=False,
        **QUICKLY,
    )
    assert made["success"] and made["status"] == "succeeded" and made["usage"], made
    with urllib.request.urlopen(made["video_url"]) as answer:
        assert steps.is_video(answer.read())


async def image_to_video(call: Call) -> None:
    path = FOLDER / "apple.png"
    path.write_bytes(steps.PNG)
    encoded = await call("encode_image_to_base64", image_path=str(path))
    assert encoded["success"] and encoded["mime_type"] == "image/png", encoded
    for first, last in (
        ({"image_url": PICTURE}, {"last_frame_url": PICTURE}),
        ({"image_base64": encoded["base64_string"]}, {"last_frame_path": str(path)}),
        ({"image_path": str(path)}, {}),
    ):
        fields = {**first, **last, **QUICKLY, "prompt": f"The apple falls {UNTIL_ASKED}"}
        made = await call("image_to_video", **fields)
        assert made["success"] and made["content"]["video_url"], made


async def references(call: Call) -> None:
    made = await call(
        "create_video_task",
        prompt=f"The same street {UNTIL_ASKED}",
        reference_images=[PICTURE],
        reference_videos=["https://media.example.com/take.mp4"],
        reference_audios=["https://media.example.com/rain.mp3"],
        ratio="9:16",
        duration=8,
    )
    assert made["success"] and made["model"] == "doubao-seedance-2-0-fast-260128", made
    raw = (await until(call, made["task_id"], "succeeded"))["raw"]
    assert (raw["status"], raw["ratio"], raw["duration"]) == ("succeeded", "9:16", 8), raw


async def create(call: Call, prompt: str) -> str:
    """Create a task and return its id."""
    made = await call("create_video_task", prompt=prompt, model=MODEL)
    assert made["success"], made
    return str(made["task_id"])


async def until(call: Call, task_id: str, status: str) -> dict[str, Any]:
    """Return a task once it has this status."""
    async with asyncio.timeout(given.patience):
        while True:
            found = await call("get_video_task", task_id=task_id)
            assert found["success"], found
            if found["status"] == status:
                return found
            await asyncio.sleep(given.pause)


async def get_video_task(call: Call) -> None:
    for prompt, status in (
        ("sim:queue=600", "queued"),
        ("sim:queue=0 sim:stuck", "running"),
        (UNTIL_ASKED, "succeeded"),
        (f"{UNTIL_ASKED} sim:fail", "failed"),
    ):
        await until(call, await create(call, prompt), status)


async def list_video_tasks(call: Call) -> None:
    made = await create(call, UNTIL_ASKED)
    await create(call, UNTIL_ASKED)
    await until(call, made, "succeeded")
    found = await call("list_video_tasks", task_ids=[made], status="succeeded", model=MODEL)
    assert [item["id"] for item in found["raw"]["items"]] == [made], found
    page = (await call("list_video_tasks", page_num=1, page_size=1))["raw"]
    assert len(page["items"]) == 1 and page["total"] > 1, page


async def cancel_video_task(call: Call) -> None:
    """Cancel by DELETE, which it falls back on: Ark has no POST …/cancel."""
    queued = await create(call, "sim:queue=600")
    cancelled = await call("cancel_video_task", task_id=queued)
    assert cancelled["success"] and cancelled["method"] == "delete", cancelled
    await until(call, queued, "cancelled")
    running = await create(call, "sim:queue=0 sim:stuck")
    await until(call, running, "running")
    late = await call("cancel_video_task", task_id=running)
    assert not late["success"] and "InvalidAction.RunningTaskDeletion" in late["error"], late


async def a_failed_task(call: Call) -> None:
    made = await call("text_to_video", prompt=f"{UNTIL_ASKED} sim:fail", **QUICKLY)
    assert not made["success"] and made["status"] == "failed", made
    assert made["error"]["code"] == "OutputVideoSensitiveContentDetected", made


async def an_unknown_task(call: Call) -> None:
    for tool in ("get_video_task", "cancel_video_task"):
        found = await call(tool, task_id=NOBODYS)
        assert not found["success"] and "ResourceNotFound" in found["error"], found


async def a_bad_parameter(call: Call) -> None:
    for fields in ({"duration": 99}, {"ratio": "2:7"}, {"fps": 60}, {"negative_prompt": "rain"}):
        found = await call("create_video_task", prompt="A boat", **fields)
        assert not found["success"] and "InvalidParameter" in found["error"], found


async def a_wrong_key(call: Call) -> None:
    for tool, fields in (
        ("create_video_task", {"prompt": "A boat"}),
        ("get_video_task", {"task_id": NOBODYS}),
        ("list_video_tasks", {}),
        ("cancel_video_task", {"task_id": NOBODYS}),
    ):
        found = await call(tool, **fields)
        assert not found["success"] and "AuthenticationError" in found["error"], found


async def server(stack: AsyncExitStack, key: str) -> tuple[ClientSession, Call]:
    """Start the server with this key; return its session, and a function that calls a tool."""
    parameters = StdioServerParameters(
        command=str(SERVER), env={"ARK_API_KEY": key, "ARK_BASE_URL": given.base_url}
    )
    session = ClientSession(*await stack.enter_async_context(stdio_client(parameters)))
    await stack.enter_async_context(session)
    await session.initialize()

    async def call(tool: str, **arguments: Any) -> dict[str, Any]:
        answer: Any = await session.call_tool(tool, arguments)
        assert not answer.is_error, answer
        return dict(json.loads(answer.content[0].text))

    return session, call


STEPS = (
    text_to_video,
    image_to_video,
    references,
    get_video_task,
    list_video_tasks,
    cancel_video_task,
    a_failed_task,
    an_unknown_task,
    a_bad_parameter,
)


async def outcome(step: Any, call: Call, limit: asyncio.Semaphore) -> str:
    """Return what went wrong in a step; no more of them than the limit allows run at a time."""
    async with limit:
        return await steps.outcome_of(step(call))


async def main() -> None:
    """Print {name of the step: what went wrong}, as steps.report does."""
    found: dict[str, str] = {}
    async with AsyncExitStack() as stack:
        session, call = await server(stack, steps.key())
        names = {tool.name for tool in (await session.list_tools()).tools}
        assert names > {"text_to_video", "image_to_video", "list_video_tasks"}, names
        wanted, limit = steps.chosen(STEPS, given), asyncio.Semaphore(given.at_once)
        outcomes = await asyncio.gather(*(outcome(step, call, limit) for step in wanted))
        found |= zip((step.__name__ for step in wanted), outcomes, strict=True)
        _, call = await server(stack, "ark-wrong")
        found[a_wrong_key.__name__] = await steps.outcome_of(a_wrong_key(call))
    print(json.dumps(found))


if __name__ == "__main__":
    asyncio.run(main())
