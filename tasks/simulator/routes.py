"""Routes from a request to its answer: the index, the controls, the file server, the providers."""

from __future__ import annotations

import json
from dataclasses import replace
from types import ModuleType
from urllib.parse import unquote

from tasks.simulator import media, native, newapi, openrouter, predictions
from tasks.simulator.faults import make_fault, parse_fault, spoil
from tasks.simulator.messages import Reply, Request, as_json
from tasks.simulator.presets import BY_SLUG, Preset, base_urls
from tasks.simulator.world import World

DIALECTS: dict[str, ModuleType] = {
    "native": native,
    "yescale": native,
    "newapi": newapi,
    "openrouter": openrouter,
    "predictions": predictions,
}
BUCKET = "/ark-acg-"


def route(world: World, request: Request) -> Reply:
    """Answer one request to whichever part of the simulator it is for."""
    slug, slash, rest = request.path[1:].partition("/")
    preset = BY_SLUG.get(slug)
    if preset is not None:
        return _ask_provider(world, preset, replace(request, path=slash + rest or "/"))
    if request.path.startswith(BUCKET):
        return _ask_file_server(world, request)
    if slug == "_sim":
        return _control(world, request, rest)
    if request.path == "/":
        return as_json(base_urls(request.origin))
    return as_json({"error": f"Nothing lives at {request.path}; GET / lists the base URLs."}, 404)


def _ask_provider(world: World, preset: Preset, request: Request) -> Reply:
    # 1. The dialects see the path below the base URL; paths beside it stay whole.
    if preset.base and request.path.startswith(preset.base + "/"):
        request = replace(request, path=request.path[len(preset.base) :])
    dialect = DIALECTS[preset.dialect]
    key, operation = dialect.key_of(request), dialect.operation(request)
    world.counts.note_request(operation, key)
    # 2. A fault takes the place of the answer, or spoils it.
    try:
        fault = world.faults.choose(request, key, operation)
    except ValueError as error:
        return as_json({"error": str(error)}, 400)
    if fault:
        world.counts.note_fault(fault.kind)
    reply: Reply
    if fault and fault.is_refusal:
        reply = dialect.trouble(request, fault)
    elif fault and fault.kind == "dropped-create":
        reply = replace(as_json({}), hang_up=True)
    else:
        reply = dialect.answer(world, preset, request)
        if fault and fault.kind == "wrong-id":
            reply = _with_wrong_id(world, preset, request, reply)
        elif fault:
            reply = spoil(reply, fault)
    # 3. Every provider adds a request id.
    name = "X-Request-Id" if preset.dialect == "native" else "X-Oneapi-Request-Id"
    return replace(reply, headers=(*reply.headers, (name, request.request_id)))


def _with_wrong_id(world: World, preset: Preset, request: Request, reply: Reply) -> Reply:
    """Put another task's ids into an answer: those of the key's other task, or invented ones."""
    task_id = next((part for part in request.path.split("/") if part[:4] in ("cgt-", "task")), "")
    record = world.tasks.at_preset(request.path.rpartition("/")[2] or task_id, preset.slug)
    if record is None:
        return reply
    owned = world.tasks.owned(preset=record.preset, key=record.key)
    other = next((task for task in owned if task.id != record.id), None)
    body = reply.body
    for own, foreign in (
        (record.public_id, other.public_id if other else record.public_id[:-5] + "other"),
        (record.id, other.id if other else record.id[:-5] + "other"),
    ):
        body = body.replace(own.encode(), foreign.encode())
    return replace(reply, body=body)


def _ask_file_server(world: World, request: Request) -> Reply:
    world.counts.note_request("media", "")
    record = world.tasks.by_stem(media.stem_of(request.path))
    if request.method not in ("GET", "HEAD"):
        return media.tos_error("MethodNotAllowed", request)
    try:
        fault = world.faults.choose(request, "media", "media")
    except ValueError as error:
        return as_json({"error": str(error)}, 400)
    if fault:
        world.counts.note_fault(fault.kind)
    if fault and fault.kind in ("500", "503", "429"):
        return media.tos_error("InternalError" if fault.kind == "500" else "SlowDown", request)
    reply = media.answer(request, record)
    return spoil(reply, fault) if fault else reply


def _control(world: World, request: Request, path: str) -> Reply:
    """Answer GET counts and GET faults; PUT or DELETE the fault of a key (or of `media`).

    The body of a PUT is JSON, or the short form of the X-Sim-Fault header.
    """
    subject, _, key = path.partition("/")
    if subject == "counts" and request.method == "GET":
        return as_json(world.counts.as_json())
    is_change = bool(key) and request.method in ("PUT", "DELETE")
    if subject != "faults" or not (is_change or request.method == "GET"):
        return as_json({"error": "GET counts, GET faults, PUT or DELETE faults/<key>"}, 404)
    if request.method == "PUT":
        text = request.body.decode(errors="replace").strip()
        try:
            fault = make_fault(json.loads(text)) if text.startswith("{") else parse_fault(text)
        except (ValueError, TypeError, RecursionError) as error:
            return as_json({"error": str(error)}, 400)
        world.faults.switch_on(unquote(key), fault)
    elif request.method == "DELETE":
        world.faults.switch_off(unquote(key))
    return as_json(world.faults.as_json())
