"""One way of reading for every provider: find the shape, unwrap, translate.

Ark answers flat. new-api wraps Ark's task in its own, once per gateway in a chain, and has an
OpenAI-like video object beside it. YEScale adds an echo of the request. Which of these it is
is seen in each answer, because gateways upgrade under one's feet.
"""

from __future__ import annotations

from typing import Any

from tasks.providers.base import Answer, Page, ProviderError, RemoteTask, Trouble
from tasks.providers.fields import add_echo, add_gateway_fields, native_fields
from tasks.providers.links import link_ends_at, through_gateway
from tasks.providers.reading import NOTHING, Json, part, text
from tasks.providers.redact import one_line
from tasks.providers.trouble import body_of, host_time, is_known_code, refuse
from tasks.providers.words import NATIVE_WORDS, status_of
from tasks.status import Status

_GATEWAY_TIME_OUT = "任务超时"  # fail_reason of new-api's own sweep: 任务超时（1440分钟）
_MOST_WRAPPINGS = 4  # two new-api in a row: envelope, task, envelope, task, Ark's task


def read_task(answer: Answer, *, remote_id: str, base_url: str) -> RemoteTask:
    """The task asked for, or a ProviderError; an answer about another task is refused."""
    body = body_of(answer)
    head, core = _unwrap(body)
    if head is None or is_known_code(body.get("code")):
        refuse(answer, body)
    _check_identity(head, core, remote_id, answer.status_code)
    return _task(body, head, core, remote_id, base_url)


def read_list(answer: Answer, *, base_url: str) -> tuple[RemoteTask, ...]:
    """Every readable task of a list; what is broken or nameless is left out."""
    return read_page(answer, base_url=base_url).tasks


def read_page(answer: Answer, *, base_url: str) -> Page:
    """A list's readable tasks, how many items there were, and in how many it says there are."""
    body = body_of(answer)
    items, total = _items(body)
    if items is None:
        refuse(answer, body)
    tasks = (_item(item, base_url) for item in items if isinstance(item, dict))
    readable = tuple(task for task in tasks if task is not None)
    return Page(
        tasks=readable,
        items=len(items),
        total=total if type(total) is int else None,
        host_time=host_time(answer.headers),
    )


def _items(body: Json) -> tuple[list[Any] | None, object]:
    """Ark's {"total", "items"}, also behind a wrapping; Go writes an empty list as null."""
    for layer in _layers(body):
        items, total = layer.get("items"), layer.get("total")
        if isinstance(items, list):
            return items, total
        if "total" in layer and items is None and not layer.get("data"):
            return [], total
    data = body.get("data")
    return (data if isinstance(data, list) else None), body.get("total")


def _item(item: Json, base_url: str) -> RemoteTask | None:
    head, core = _unwrap(item)
    if head is None:
        return None
    remote_id = _id(head) or _id(core)
    if not remote_id or _disagree(_id(head), _id(core)):
        return None
    return _task(item, head, core, remote_id, base_url)


def _layers(body: Json) -> list[Json]:
    layers = [body]
    while len(layers) <= _MOST_WRAPPINGS and isinstance(inner := layers[-1].get("data"), dict):
        layers.append(inner)
    return layers


def _unwrap(body: Json) -> tuple[Json | None, Json]:
    """The task that the provider speaks of, and Ark's own task inside it (often the same)."""
    if not isinstance(body.get("data"), dict):
        return (body if _id(body) else None), body
    layers = _layers(body)
    place = _head(layers)
    if place is None:
        return None, NOTHING
    head = layers[place]
    inner = (layer for layer in reversed(layers[place + 1 :]) if _looks_native(layer))
    return head, next(inner, head)


def _head(layers: list[Json]) -> int | None:
    """A gateway's task first; a mere `id` may also be the id of a request or a table row."""
    for name, needs_status in (("task_id", True), ("task_id", False), ("id", True), ("id", False)):
        for place, layer in enumerate(layers):
            if text(layer.get(name)) and (not needs_status or text(layer.get("status"))):
                return place
    return None


def _looks_native(layer: Json) -> bool:
    if text(layer.get("status")) in NATIVE_WORDS or text(layer.get("id")).startswith("cgt-"):
        return True
    if "task_id" in layer:
        return False
    return any(isinstance(layer.get(name), dict) for name in ("content", "usage", "error"))


def _id(layer: Json) -> str:
    return text(layer.get("task_id")) or text(layer.get("id"))


def _check_identity(head: Json, core: Json, remote_id: str, status_code: int) -> None:
    outer = _id(head)
    inner = outer if core is head else _id(core)
    if remote_id and remote_id == outer and not _disagree(outer, inner):
        return
    if remote_id and remote_id == inner and not outer.startswith("cgt-"):
        return  # asked for Ark's id, answered by a gateway that has its own
    other = inner if remote_id == outer else outer
    raise ProviderError(
        one_line(f"Asked for task {remote_id}, the answer is about {other}"),
        trouble=Trouble.WRONG_TASK,
        status_code=status_code,
    )


def _disagree(outer: str, inner: str) -> bool:
    """Two Ark ids in one answer; a gateway's task_… around Ark's cgt-… is the usual thing."""
    return outer != inner and outer.startswith("cgt-") and inner.startswith("cgt-")


def _task(body: Json, head: Json, core: Json, remote_id: str, base_url: str) -> RemoteTask:
    status, word = _status(head, core)
    fields = native_fields(core)
    if "task_id" in head or head is not core or "object" in head:
        add_gateway_fields(fields, head, status)
    if "request" in core:
        add_echo(fields, part(core, "request"))
    link = fields["video_url"]
    if link:
        fields["video_url"], fields["video_needs_key"] = through_gateway(link, base_url)
        fields["link_ends_at"] = link_ends_at(link)
    return RemoteTask(id=remote_id, status=status, status_word=word, raw=body, **fields)


def _status(head: Json, core: Json) -> tuple[Status, str]:
    """A gateway's status, unless Ark's inside knows an end that the gateway has no word for.

    new-api's adaptor turns Ark's `cancelled` and `expired` into IN_PROGRESS "30%" and leaves
    them there until its own time-out, a day later. In every other quarrel the gateway wins:
    it wrote both at the same time.
    """
    word = text(head.get("status"))
    status = status_of(word)
    if status is Status.SUCCEEDED or status is Status.UNKNOWN:
        return status, word
    if core is not head:
        inner_word = text(core.get("status"))
        inner = status_of(inner_word)
        if inner is Status.CANCELLED or inner is Status.EXPIRED:
            return inner, inner_word
    if status is Status.FAILED and text(head.get("fail_reason")).startswith(_GATEWAY_TIME_OUT):
        return Status.EXPIRED, word
    return status, word
