"""Who may go where: one row per address, one column per kind of person.

A new address needs a row in EXPECTED; the test of completeness says so. Cells are status codes;
DOOR is a redirect to the sign-in page. "{task}" is a task of the project that viewer, member and
manager are in, and the stranger is not.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from tasks.models import Credential, Kind, Project, StatusChange
from tests.conftest import MakeTask
from tests.web.conftest import SaveCopy

DOOR = "door"
WHO = ("anonymous", "stranger", "viewer", "member", "manager", "staff")
ALL_OF_THEM = (200,) * 6
SIGNED_IN = (DOOR, 200, 200, 200, 200, 200)
NOT_BY_GET = (405,) * 6

#: (method, route): (address, expected for each of WHO)
EXPECTED: dict[tuple[str, str], tuple[str, tuple[int | str, ...]]] = {
    # Watching
    ("GET", "tasks"): ("/", SIGNED_IN),
    ("GET", "task"): ("/tasks/{task}/", (DOOR, 404, 200, 200, 200, 200)),
    ("GET", "refresh_task"): ("/tasks/{task}/refresh/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "refresh_task"): ("/tasks/{task}/refresh/", (DOOR, 404, 404, 302, 302, 302)),
    ("GET", "live"): ("/live/", ALL_OF_THEM),  # without a session: nothing but "load me again"
    ("GET", "healthz"): ("/healthz", ALL_OF_THEM),
    ("GET", "readyz"): ("/readyz", ALL_OF_THEM),
    ("GET", "statusz"): ("/statusz", (401, 403, 403, 403, 403, 200)),  # or with a token
    # The door
    ("GET", "sign_in"): ("/sign-in/", ALL_OF_THEM),
    ("POST", "sign_in"): ("/sign-in/", ALL_OF_THEM),  # the form again, with its errors
    ("GET", "sign_out"): ("/sign-out/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "sign_out"): ("/sign-out/", (DOOR, DOOR, DOOR, DOOR, DOOR, DOOR)),
    ("GET", "password"): ("/password/", SIGNED_IN),
    ("POST", "password"): ("/password/", SIGNED_IN),  # the form again, with its errors
    ("GET", "enter"): ("/enter/nonsense/", (410,) * 6),
    ("POST", "enter"): ("/enter/nonsense/", (410,) * 6),
    ("GET", "welcome"): ("/welcome/", SIGNED_IN),
    ("GET", "set_theme"): ("/theme/", NOT_BY_GET),
    ("POST", "set_theme"): ("/theme/", (400,) * 6),
    ("GET", "set_language"): ("/language/", (302,) * 6),
    ("POST", "set_language"): ("/language/", (302,) * 6),
    # Saved files
    ("GET", "video"): ("/tasks/{task}/video", (DOOR, 404, 200, 200, 200, 200)),
    ("GET", "last_frame"): ("/tasks/{task}/last-frame", (DOOR, 404, 200, 200, 200, 200)),
    ("GET", "poster"): ("/tasks/{task}/poster", (DOOR, 404, 200, 200, 200, 200)),
    ("GET", "download"): ("/tasks/download.zip?task={task}", (DOOR, 404, 200, 200, 200, 200)),
    ("POST", "download"): ("/tasks/download.zip?task={task}", (DOOR, 404, 200, 200, 200, 200)),
    # The archive
    ("GET", "archive"): ("/archive/", SIGNED_IN),
    ("GET", "save_now"): ("/archive/save-now/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "save_now"): ("/archive/save-now/?", (DOOR, 404, 404, 404, 404, 404)),  # of nothing
    ("GET", "pulse"): ("/pulse/", (204, 200, 200, 200, 200, 200)),
    # Tracking
    ("GET", "track"): ("/tasks/track/", (DOOR, 200, 403, 200, 200, 200)),
    ("POST", "track"): ("/tasks/track/", (DOOR, 200, 403, 200, 200, 200)),
    # The Django admin; all its other pages are walked below
    ("GET", "admin/login/"): ("/admin/login/", (DOOR, 403, 403, 403, 403, 302)),
    ("POST", "admin/login/"): ("/admin/login/", NOT_BY_GET),
}
GET_ONLY = {
    "tasks",
    "task",
    "live",
    "healthz",
    "readyz",
    "statusz",
    "archive",
    "pulse",
    "welcome",
    "video",
    "last_frame",
    "poster",
}  # a POST is refused, see below


@pytest.fixture
def people(stranger: User, viewer: User, member: User, manager: User, staff: User) -> list[User]:
    return [stranger, viewer, member, manager, staff]


@pytest.fixture
def world(make_task: MakeTask, save_copy: SaveCopy) -> dict[str, int]:
    task = make_task()
    save_copy(task, b"a video", poster=b"an image")
    save_copy(task, b"an image", kind=Kind.LAST_FRAME)
    StatusChange.objects.create(task=task, was="queued", became="running", at=timezone.now())
    schedule = apps.get_model("django_q", "Schedule")
    schedule.objects.create(func="math.floor", name="ours")
    return {"task": task.pk}


def browsers(people: list[User]) -> Iterator[tuple[str, Client]]:
    yield "anonymous", Client()
    for person in people:
        client = Client()
        client.force_login(person)
        yield person.username, client


def seen(client: Client, method: str, url: str) -> int | str:
    answer = client.get(url) if method == "GET" else client.post(url)
    if answer.status_code == 302 and answer.headers["Location"].startswith("/sign-in/"):
        return DOOR
    return answer.status_code


def routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every address pattern of the site with its name."""
    for entry in (resolver or get_resolver()).url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield route, entry.name or route
        else:
            yield from routes(entry, route)


def admin_pages() -> list[str]:
    """Each page of the Django admin, with the id of a row that is there where it wants one."""
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


def test_every_address_has_a_row_in_the_table(db: None) -> None:
    own = {name for route, name in routes() if not route.startswith("admin/")}
    assert own <= {name for _, name in EXPECTED}, "add a row to EXPECTED for the new address"
    gets = {name for method, name in EXPECTED if method == "GET"}
    posts = {name for method, name in EXPECTED if method == "POST"}
    assert gets - posts == GET_ONLY, "a new address needs a row for POST, or to be in GET_ONLY"


@pytest.mark.parametrize(("method", "route"), EXPECTED)
def test_everyone_gets_what_the_table_says(
    method: str, route: str, people: list[User], world: dict[str, int]
) -> None:
    address, expected = EXPECTED[method, route]
    url = address.format(**world)
    got = {who: seen(client, method, url) for who, client in browsers(people)}
    assert got == dict(zip(WHO, expected, strict=True))


@pytest.mark.parametrize("route", sorted(GET_ONLY))
def test_what_is_only_read_takes_no_post(
    route: str, people: list[User], world: dict[str, int]
) -> None:
    address, _ = EXPECTED["GET", route]
    for who, client in browsers(people):
        answer = seen(client, "POST", address.format(**world))
        assert answer in ((DOOR, 405) if who == "anonymous" else (405,)), who


def test_the_admin_is_for_staff_alone(people: list[User], world: dict[str, int]) -> None:
    pages = admin_pages()
    assert len(pages) > 40
    *others, (_, office) = browsers(people)
    for url in pages:
        for who, client in others:
            away = client.get(url)
            assert away.status_code == 302, (who, url)
            assert away.headers["Location"].startswith(("/sign-in/", "/admin/")), (who, url)
        assert office.get(url).status_code < 500, url


def test_another_projects_task_answers_like_a_missing_one(
    stranger: User, world: dict[str, int], credential: Credential
) -> None:
    client = Client()
    client.force_login(stranger)
    for method in (client.get, client.post):
        for tail in ("", "refresh/"):
            real = method(f"/tasks/{world['task']}/{tail}")
            missing = method(f"/tasks/999999/{tail}")
            assert (real.status_code, _plain(real)) == (missing.status_code, _plain(missing))


def _plain(answer: Any) -> bytes:
    """The page without what differs by design: form tokens and the address itself."""
    body = re.sub(rb'name="csrfmiddlewaretoken" value="\w+"', b"", answer.content)
    return re.sub(rb"/tasks/\d+/", b"/tasks/N/", body)


def test_looking_changes_nothing(people: list[User], world: dict[str, int]) -> None:
    """Every GET of every address by everyone leaves all rows as they were."""
    urls = [address.format(**world) for (method, _), (address, _) in EXPECTED.items()]
    clients = list(browsers(people))
    before = fingerprint()
    for _, client in clients:
        for url in [*urls, *admin_pages()]:
            if "logout" not in url:
                client.get(url)
    assert fingerprint() == before


def fingerprint() -> dict[str, str]:
    """A digest of every row of every table."""
    return {
        model._meta.label: hashlib.sha256(
            repr(list(model._default_manager.order_by("pk").values_list())).encode()
        ).hexdigest()
        for model in apps.get_models()
    }


def test_nobody_sees_a_project_they_are_not_in(stranger: User, project: Project) -> None:
    assert project not in Project.objects.visible_to(stranger)
