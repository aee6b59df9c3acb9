"""People with every role, objects that some of them may see, and all addresses of the site."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from django.utils.http import int_to_base36

from tasks.models import (
    Batch,
    Budget,
    Copy,
    CopyKind,
    Invitation,
    Membership,
    Price,
    Project,
    SavedPrompt,
    StatusChange,
    Upload,
)
from tests.conftest import MakeTask
from tests.tokens import token_of
from tests.web.conftest import SaveCopy

DOOR = "door"


@pytest.fixture
def people(
    stranger: User,
    viewer: User,
    member: User,
    manager: User,
    staff: User,
    neighbour: User,
    clerk: User,
) -> list[User]:
    """One of every kind who can sign in, each with an e-mail."""
    everybody = [stranger, viewer, member, manager, staff, neighbour, clerk]
    for person in everybody:
        person.email = f"{person.username}@example.com"
        person.save(update_fields=["email"])
    return everybody


@pytest.fixture
def world(make_task: MakeTask, save_copy: SaveCopy) -> dict[str, Any]:
    task = make_task()
    copy = save_copy(task, b"a video", poster=b"an image", sprite=b"images", poster_hash="5" * 16)
    _put_proxy(copy)
    save_copy(task, b"an image", kind=CopyKind.LAST_FRAME)
    StatusChange.objects.create(task=task, was="queued", became="running", at=timezone.now())
    schedule = apps.get_model("django_q", "Schedule")
    schedule.objects.create(func="math.floor", name="ours")
    theirs = task.credential  # limited to this project
    theirs.open_to_all = False
    theirs.save(update_fields=["open_to_all"])
    theirs.projects.set([task.project])
    ids: dict[str, Any] = {"credential": theirs.pk, "task": task.pk}
    ids |= {"poster": copy.poster_hash, "sprite": copy.sprite_hash, "proxy": copy.proxy_hash}
    made = {"project": task.project, "credential": theirs, "created_at": timezone.now()}
    ids["batch"] = Batch.objects.create(**made).pk
    prompt = SavedPrompt.objects.create(project=task.project, name="Boat", text="A boat")
    ids["prompt"] = prompt.pk
    price = Price.objects.create(
        credential=theirs, model="seedance-2-0-260128", amount=46, valid_from=timezone.now().date()
    )
    ids["price"] = price.pk
    ids["budget"] = Budget.objects.create(project=task.project, period="week", limit=10**9).pk
    given = _a_picture(task.project) | _a_sound(task.project)
    return {**ids, **_somebody(task.project), **given}


def _a_picture(project: Project) -> dict[str, Any]:
    facts = {"sha256": "5" * 64, "size": 7, "width": 640, "height": 360, "kind": "png"}
    who = {"project": project, "created_by": None}
    picture = Upload.objects.keep(BytesIO(b"a still"), timezone.now(), **who, **facts)
    return {"upload": picture.pk, "shared": picture.shared_url().rpartition("/")[2]}


def _a_sound(project: Project) -> dict[str, Any]:
    facts = {"sha256": "6" * 64, "size": 7, "width": 0, "height": 0, "kind": "wav", "duration": 5.0}
    who = {"project": project, "created_by": None}
    sound = Upload.objects.keep(BytesIO(b"a sound"), timezone.now(), **who, **facts)
    sound.keep_picture(b"a waveform", "png")
    return {"sound": sound.pk, "waveform": sound.picture_hash}


def _put_proxy(copy: Copy) -> None:
    copy.proxy = storages["videos"].save(f"{copy.task_id}/proxy.mp4", ContentFile(b"a proxy"))
    copy.proxy_size, copy.proxy_hash = 7, "7" * 16
    copy.save(update_fields=["proxy", "proxy_size", "proxy_hash"])


def _somebody(project: Project) -> dict[str, Any]:
    """A member who is none of the other people of these tests, and an invitation."""
    person = User.objects.create_user("somebody", "somebody@example.com")
    inviter = User.objects.create_user("inviter", is_staff=True)
    invitation, _token = Invitation.objects.make(
        project=project, role="viewer", invited_by=inviter, now=timezone.now()
    )
    return {
        "project": project.pk,
        "token": token_of(person, project=project)[0].pk,
        "person": Membership.objects.create(project=project, user=person).pk,
        "reset": f"{int_to_base36(person.pk)}-1-x",  # a made-up link of a letter
        "invitation": invitation.pk,
    }


def browsers(people: list[User]) -> Iterator[tuple[str, Client]]:
    yield "anonymous", Client()
    for person in people:
        client = Client()
        client.force_login(person)
        yield person.username, client


def seen(client: Client, method: str, url: str) -> int | str:
    answer = getattr(client, method.lower())(url)
    if answer.status_code == 302 and answer.headers["Location"].startswith("/sign-in/"):
        return DOOR
    return answer.status_code


def plain(answer: Any) -> bytes:
    """The page without what differs by design: form tokens and the address itself."""
    body = re.sub(rb'name="csrfmiddlewaretoken" value="\w+"', b"", answer.content)
    return re.sub(rb"/(tasks|batches)/\d+/", b"/rows/N/", body)


def routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, str]]:
    """All address patterns of the site with their names."""
    for entry in (resolver or get_resolver()).url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield route, entry.name or route
        else:
            yield from routes(entry, route)


def admin_pages() -> list[str]:
    """All pages of the Django admin, with the id of an existing row where one is needed."""
    pages = []
    for route, _ in routes():
        if not route.startswith("admin/") or "(?P<url>" in route or route == "admin/login/":
            continue
        pages.append("/" + _with_ids(route))
    return sorted(set(pages))


def _with_ids(route: str) -> str:
    _, app, model, *_ = [*route.split("/"), "", "", ""]
    filled = route.replace("<path:content_type_id>/<path:object_id>", "1/1")
    filled = filled.replace("<int:content_type_id>/<path:object_id>", "1/1")
    pk = _some_pk(app, model) if "<" in filled else ""
    for name in ("<path:object_id>", "<id>"):
        filled = filled.replace(name, str(pk))
    return filled.replace("^(?P<app_label>auth|django_q|tasks)/$", "tasks/")


def _some_pk(app: str, model: str) -> Any:
    try:
        row = apps.get_model(app, model)._default_manager.first()
    except LookupError:
        return 1
    return row.pk if row else 1
