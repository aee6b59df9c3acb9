"""Reading of every provider's answers: detect the shape, unwrap the task, translate it.

Ark answers flat. new-api wraps Ark's task in one of its own, once for each gateway in a chain, and
has an OpenAI-like video object beside it; others put it under `result`, or leave the id outside.
YEScale adds an echo of the request. The shape is detected in each answer, because a gateway may be
upgraded at any time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tasks.providers.answers import (
    Answer,
    ListPage,
    ProviderError,
    RemoteTask,
    Trouble,
    VideoLink,
)
from tasks.providers.dialects.errors import body_of, host_time, is_known_code, refuse
from tasks.providers.dialects.fields import (
    Echo,
    add_echo,
    add_error,
    add_gateway_fields,
    add_layer,
    echo_of,
    native_fields,
)
from tasks.providers.dialects.links import film_links
from tasks.providers.dialects.reading import NOTHING, Json, nested, parse_object, text
from tasks.providers.dialects.status_words import NATIVE_WORDS, status_of
from tasks.providers.redact import one_line
from tasks.providers.status import Status

#: Start of the fail_reason of new-api's own time-out: 任务超时（1440分钟）.
_GATEWAY_TIME_OUT = "任务超时"
_MOST_WRAPPINGS = 4  # two gateways in a row: envelope, task, envelope, task, Ark's task
_WRAPPERS = ("data", "result")  # where a task lies in another one


@dataclass(frozen=True, kw_only=True, slots=True)
class _Shape:
    """The layers of an answer, from the outermost in, and two of them."""

    layers: list[Json]
    head: Json  # the provider's task
    core: Json  # Ark's own task inside it; often the same object


def read_task(answer: Answer, *, remote_id: str, base_url: str) -> RemoteTask:
    """Read the task asked for; raise ProviderError for any other answer."""
    body = body_of(answer)
    shape = _shape(body, remote_id)
    if shape is None or is_known_code(body.get("code")):
        refuse(answer, body)
    _check_identity(shape, remote_id, answer.status_code)
    return _task(body, shape, remote_id, base_url)


def read_echo(raw: str) -> Echo:
    """Read what a stored answer says of the order itself; an empty echo where it says nothing."""
    return echo_of(_layers(parse_object(raw.encode("utf-8", "replace"))))


def read_page(answer: Answer, *, base_url: str) -> ListPage:
    """Read a page of a list: its readable tasks, its number of items, and the list's total."""
    body = body_of(answer)
    items, total = _items(body)
    if items is None:
        refuse(answer, body)
    tasks = (_item(item, base_url) for item in items if isinstance(item, dict))
    readable = tuple(task for task in tasks if task is not None)
    return ListPage(
        tasks=readable,
        items=len(items),
        total=total if type(total) is int else None,
        host_time=host_time(answer.headers),
    )


def _items(body: Json) -> tuple[list[Any] | None, object]:
    """Find Ark's {"total", "items"}, also inside an envelope; Go writes an empty list as null."""
    for layer in _layers(body):
        items, total = layer.get("items"), layer.get("total")
        if isinstance(items, list):
            return items, total
        if "total" in layer and items is None and not layer.get("data"):
            return [], total
    data = body.get("data")
    return (data if isinstance(data, list) else None), body.get("total")


def _item(item: Json, base_url: str) -> RemoteTask | None:
    """Read one item of a list; None where it is no task, or has no id or two of Ark's."""
    shape = _shape(item)
    if shape is None:
        return None
    remote_id = _id(shape.head) or _id(shape.core)
    if not remote_id or len(_ark_ids(shape.layers)) > 1:
        return None
    return _task(item, shape, remote_id, base_url)


def _layers(body: Json) -> list[Json]:
    layers = level = [body]
    if not (body.get("data") or body.get("result")):
        return layers
    for _ in range(_MOST_WRAPPINGS):
        within = (_inner(layer.get(name)) for layer in level for name in _WRAPPERS)
        level = [inner for inner in within if inner]
        if not level:
            break
        layers = [*layers, *level]
    return layers


def _inner(value: object) -> Json:
    """Return the object in a wrapper, which some gateways write as JSON text."""
    if isinstance(value, str) and value.startswith("{"):
        return parse_object(value.encode("utf-8", "replace"))
    return value if isinstance(value, dict) else NOTHING


def _shape(body: Json, remote_id: str = "") -> _Shape | None:
    """Find the provider's task in an answer, and Ark's own in it; None where there is no id."""
    layers = _layers(body)
    depth = _depth_of_head(layers, remote_id)
    if depth is None:
        return None
    head, deeper = layers[depth], layers[depth + 1 :]
    core = next((each for each in reversed(deeper) if _is_native(each)), None)
    core = core or next((each for each in reversed(deeper) if _looks_native(each)), head)
    return _Shape(layers=layers, head=_with_status(head, deeper), core=core)


def _depth_of_head(layers: list[Json], remote_id: str) -> int | None:
    """Choose the layer that is the provider's task.

    One with the id that was asked for is it, above all one that has a status, too. A `task_id`
    comes before an `id`, which may also be that of a request or a table row.
    """
    if len(layers) == 1:
        return 0 if _id(layers[0]) else None
    groups = (
        [n for n, each in enumerate(layers) if remote_id and remote_id in _ids(each)],
        [n for n, each in enumerate(layers) if text(each.get("task_id"))],
        [n for n, each in enumerate(layers) if text(each.get("id"))],
    )
    for group in groups:
        with_status = (n for n in group if text(layers[n].get("status")))
        depth = next(with_status, group[0] if group else None)
        if depth is not None:
            return depth
    return None


def _with_status(head: Json, deeper: list[Json]) -> Json:
    """Return the head, with what the layer below says of it where only the id is outside."""
    if "status" in head:
        return head
    below = next((each for each in deeper if text(each.get("status"))), NOTHING)
    return {**below, "task_id": None, "id": None, **head}


def _is_native(layer: Json) -> bool:
    return text(layer.get("status")) in NATIVE_WORDS or text(layer.get("id")).startswith("cgt-")


def _looks_native(layer: Json) -> bool:
    if "task_id" in layer:
        return False
    return any(isinstance(layer.get(name), dict) for name in ("content", "usage", "error"))


def _id(layer: Json) -> str:
    return text(layer.get("task_id")) or text(layer.get("id"))


def _ids(layer: Json) -> tuple[str, str]:
    return text(layer.get("task_id")), text(layer.get("id"))


def _ark_ids(layers: list[Json]) -> set[str]:
    """Return the ids of Ark in an answer: one at most, in however many gateways' task_… it lies."""
    return {each for layer in layers for each in _ids(layer) if each.startswith("cgt-")}


def _check_identity(shape: _Shape, remote_id: str, status_code: int) -> None:
    """Raise ProviderError if the answer is about another task."""
    ids = (_id(shape.head), _id(shape.core))
    strangers = _ark_ids(shape.layers) - {remote_id}
    is_ours = remote_id in ids and len(_ark_ids(shape.layers)) < 2
    # A gateway answers with its own id around Ark's; two of Ark's are two tasks.
    if remote_id and is_ours:
        return
    other = next(iter(sorted(strangers)), "") or ids[0]
    raise ProviderError(
        one_line(f"Asked for task {remote_id}, the answer is about {other}"),
        trouble=Trouble.WRONG_TASK,
        status_code=status_code,
    )


def _task(body: Json, shape: _Shape, remote_id: str, base_url: str) -> RemoteTask:
    head, core, layers = shape.head, shape.core, shape.layers
    status, word = _status(head, core)
    fields = native_fields(core)
    if "task_id" in head or head is not core or "object" in head:
        add_gateway_fields(fields, head, status)
    for layer in reversed(layers):
        if layer is not core:
            add_layer(fields, layer)
            if status is not Status.SUCCEEDED:
                add_error(fields, layer)
    for layer in layers:
        if "request" in layer:
            add_echo(fields, nested(layer, "request"))
            break
    if status is Status.SUCCEEDED:
        _add_links(fields, film_links(layers, remote_id=remote_id, base_url=base_url))
    return RemoteTask(id=remote_id, status=status, status_word=word, raw=body, **fields)


def _add_links(fields: dict[str, Any], found: tuple[VideoLink, ...]) -> None:
    """Add the link that is tried and played first, and the others behind it."""
    if found:
        first = found[0]
        fields["video_url"], fields["video_needs_key"] = first.url, first.needs_key
        fields["link_ends_at"], fields["other_links"] = first.ends_at, found[1:]


def _status(head: Json, core: Json) -> tuple[Status, str]:
    """Return the status and the provider's word for it.

    It is the gateway's, unless Ark's task inside has a final status that the gateway has no word
    for: new-api's adaptor turns Ark's `cancelled` and `expired` into IN_PROGRESS "30%" and leaves
    them so until its own time-out, a day later. In every other conflict the gateway's status
    counts, because it wrote both at the same time.
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
