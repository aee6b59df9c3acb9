"""From one request to one answer: the index, the switches, the file server, the providers."""

from __future__ import annotations

import json
from dataclasses import replace
from types import ModuleType
from urllib.parse import unquote

from tasks.simulator import media, native, newapi
from tasks.simulator.faults import Fault, make_fault, parse_fault, spoil
from tasks.simulator.messages import Reply, Request, as_json
from tasks.simulator.presets import BY_SLUG, Preset, base_urls
from tasks.simulator.records import Record
from tasks.simulator.world import World

DIALECTS: dict[str, ModuleType] = {"native": native, "yescale": native, "newapi": newapi}
BUCKET = "/ark-acg-"


def route(world: World, request: Request) -> Reply:
    """Answer one request, whoever it is for."""
    slug, slash, rest = request.path[1:].partition("/")
    preset = BY_SLUG.get(slug)
    if preset is not None:
        return _ask_provider(world, preset, replace(request, path=slash + rest or "/"))
    if request.path.startswith(BUCKET):
        return _ask_file_server(world, request)
    if slug == "_sim":
        return _switch(world, request, rest)
    if request.path == "/":
        return as_json(base_urls(request.origin))
    return as_json({"error": f"Nothing lives at {request.path}; GET / lists the base URLs."}, 404)


def _ask_provider(world: World, preset: Preset, request: Request) -> Reply:
    dialect = DIALECTS[preset.dialect]
    request = _below_base(preset, request)
    key, operation = dialect.key_of(request), dialect.operation(request)
    world.counts.note(operation, key)
    try:
        fault = world.faults.due(request, key, operation)
    except ValueError as error:
        return as_json({"error": str(error)}, 400)
    if fault:
        world.counts.note_fault(fault.kind)
    if fault is None:
        reply: Reply = dialect.answer(world, preset, request)
    elif fault.kind.isdecimal():
        reply = dialect.trouble(request, fault)
    elif fault.kind == "dropped-create":
        reply = replace(as_json({}), hang_up=True)
    else:
        reply = _spoiled(world, preset, request, fault, dialect.answer(world, preset, request))
    name = "X-Request-Id" if preset.dialect == "native" else "X-Oneapi-Request-Id"
    return replace(reply, headers=(*reply.headers, (name, request.request_id)))


def _below_base(preset: Preset, request: Request) -> Request:
    """The path below the base URL; what lies beside it keeps its whole path."""
    if preset.base and request.path.startswith(preset.base + "/"):
        return replace(request, path=request.path[len(preset.base) :])
    return request


def _spoiled(world: World, preset: Preset, request: Request, fault: Fault, good: Reply) -> Reply:
    if fault.kind != "wrong-id":
        return spoil(good, fault)
    task_id = next((part for part in request.path.split("/") if part[:4] in ("cgt-", "task")), "")
    record = world.tasks.at_preset(request.path.rpartition("/")[2] or task_id, preset.slug)
    return _about_another(world, record, good) if record else good


def _about_another(world: World, record: Record, good: Reply) -> Reply:
    """The same answer under another task's ids: a neighbour's, or of nobody."""
    owned = world.tasks.owned(preset=record.preset, key=record.key)
    other = next((task for task in owned if task.id != record.id), None)
    body = good.body
    for own, foreign in (
        (record.public_id, other.public_id if other else record.public_id[:-5] + "other"),
        (record.id, other.id if other else record.id[:-5] + "other"),
    ):
        body = body.replace(own.encode(), foreign.encode())
    return replace(good, body=body)


def _ask_file_server(world: World, request: Request) -> Reply:
    world.counts.note("media", "")
    record = world.tasks.by_stem(media.stem_of(request.path))
    if request.method not in ("GET", "HEAD"):
        return media.tos_error("MethodNotAllowed", request)
    try:
        fault = world.faults.due(request, "media", "media")
    except ValueError as error:
        return as_json({"error": str(error)}, 400)
    if fault:
        world.counts.note_fault(fault.kind)
    if fault and fault.kind in ("500", "503", "429"):
        return media.tos_error("InternalError" if fault.kind == "500" else "SlowDown", request)
    good = media.answer(request, record)
    return spoil(good, fault) if fault else good


def _switch(world: World, request: Request, rest: str) -> Reply:
    """GET counts and faults; PUT and DELETE the faults of a key (or of `media`)."""
    what, _, key = rest.partition("/")
    if what == "counts" and request.method == "GET":
        return as_json(world.counts.as_json())
    if what == "faults" and request.method == "GET":
        return as_json(world.faults.as_json())
    if what == "faults" and key and request.method == "PUT":
        return _switch_on(world, unquote(key), request.body)
    if what == "faults" and key and request.method == "DELETE":
        world.faults.switch_off(unquote(key))
        return as_json(world.faults.as_json())
    return as_json({"error": "GET counts, GET faults, PUT or DELETE faults/<key>"}, 404)


def _switch_on(world: World, key: str, body: bytes) -> Reply:
    """Either JSON or the short form of the X-Sim-Fault header."""
    text = body.decode(errors="replace").strip()
    try:
        fault = make_fault(json.loads(text)) if text.startswith("{") else parse_fault(text)
    except (ValueError, TypeError) as error:
        return as_json({"error": str(error)}, 400)
    world.faults.switch_on(key, fault)
    return as_json(world.faults.as_json())
