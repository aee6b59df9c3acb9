"""Who may go where: one row per address, one column per kind of person.

A new address needs a row in EXPECTED; the test of completeness says so. Cells are status codes;
DOOR is a redirect to the sign-in page. "{task}" is a task of the project that viewer, member and
manager are in, and the stranger is not.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from tasks.models import (
    Batch,
    Copy,
    Credential,
    Invitation,
    Kind,
    Membership,
    Price,
    Profile,
    Project,
    SavedPrompt,
    StatusChange,
    Upload,
)
from tests.conftest import MakeTask
from tests.web.conftest import SaveCopy

DOOR = "door"
WHO = ("anonymous", "stranger", "viewer", "member", "manager", "staff")
ALL_OF_THEM = (200,) * 6
SIGNED_IN = (DOOR, 200, 200, 200, 200, 200)
NOT_BY_GET = (405,) * 6
IN_ALREADY = (200, 302, 302, 302, 302, 302)
PROVE = (DOOR, 302, 302, 302, 302, 302)  # signed in, and to say the password once more
NONE_YET = (DOOR, 404, 404, 404, 404, 404)

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
    ("GET", "callback"): ("/callback/hint_nonsense", NOT_BY_GET),
    ("POST", "callback"): ("/callback/hint_nonsense", (404,) * 6),  # whoever has the token
    # The door
    ("GET", "sign_in"): ("/sign-in/", IN_ALREADY),
    ("POST", "sign_in"): ("/sign-in/", IN_ALREADY),  # the form again, with its errors
    ("GET", "sign_out"): ("/sign-out/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "sign_out"): ("/sign-out/", (DOOR, DOOR, DOOR, DOOR, DOOR, DOOR)),
    ("GET", "password"): ("/password/", SIGNED_IN),
    ("POST", "password"): ("/password/", SIGNED_IN),  # the form again, with its errors
    ("GET", "enter"): ("/enter/nonsense/", (410,) * 6),
    ("POST", "enter"): ("/enter/nonsense/", (410,) * 6),
    ("GET", "welcome"): ("/welcome/", SIGNED_IN),
    # Personal settings
    ("GET", "preferences"): ("/settings/", SIGNED_IN),
    ("POST", "preferences"): ("/settings/", SIGNED_IN),  # the form again, with its errors
    ("GET", "endings"): ("/endings/", (204, 200, 200, 200, 200, 200)),
    ("GET", "set_theme"): ("/theme/", NOT_BY_GET),
    ("POST", "set_theme"): ("/theme/", (400,) * 6),
    ("GET", "set_language"): ("/language/", (302,) * 6),
    ("POST", "set_language"): ("/language/", (302,) * 6),
    # One's own account
    ("GET", "account_login"): ("/sign-in/", IN_ALREADY),  # what allauth calls sign_in
    ("POST", "account_login"): ("/sign-in/", IN_ALREADY),
    ("GET", "account_change_password"): ("/password/", SIGNED_IN),
    ("POST", "account_change_password"): ("/password/", SIGNED_IN),
    ("GET", "account_set_password"): ("/account/password/set/", PROVE),  # they have one
    ("POST", "account_set_password"): ("/account/password/set/", PROVE),
    ("GET", "account_reset_password"): ("/account/reset/", ALL_OF_THEM),
    ("POST", "account_reset_password"): ("/account/reset/", ALL_OF_THEM),
    ("GET", "account_reset_password_done"): ("/account/reset/sent/", ALL_OF_THEM),
    ("GET", "account_reset_password_from_key_done"): ("/account/reset/done/", ALL_OF_THEM),
    ("GET", "account_reset_password_from_key"): ("/account/reset/1-no-such-key/", ALL_OF_THEM),
    ("POST", "account_reset_password_from_key"): ("/account/reset/1-no-such-key/", ALL_OF_THEM),
    ("GET", "account_reauthenticate"): ("/account/again/", SIGNED_IN),
    ("POST", "account_reauthenticate"): ("/account/again/", SIGNED_IN),
    ("GET", "mfa_reauthenticate"): ("/account/again/code/", PROVE),  # by password, for they
    ("POST", "mfa_reauthenticate"): ("/account/again/code/", PROVE),  # have nothing else
    ("GET", "mfa_reauthenticate_webauthn"): ("/account/again/passkey/", PROVE),
    ("POST", "mfa_reauthenticate_webauthn"): ("/account/again/passkey/", PROVE),
    ("GET", "mfa_index"): ("/account/", SIGNED_IN),
    ("GET", "mfa_authenticate"): ("/account/code/", (DOOR, 302, 302, 302, 302, 302)),
    ("POST", "mfa_authenticate"): ("/account/code/", (DOOR, 302, 302, 302, 302, 302)),
    ("GET", "mfa_activate_totp"): ("/account/app/", PROVE),
    ("POST", "mfa_activate_totp"): ("/account/app/", PROVE),
    ("GET", "mfa_deactivate_totp"): ("/account/app/remove/", NONE_YET),
    ("POST", "mfa_deactivate_totp"): ("/account/app/remove/", NONE_YET),
    ("GET", "mfa_view_recovery_codes"): ("/account/recovery-codes/", NONE_YET),
    ("GET", "mfa_generate_recovery_codes"): ("/account/recovery-codes/new/", PROVE),
    ("POST", "mfa_generate_recovery_codes"): ("/account/recovery-codes/new/", PROVE),
    ("GET", "mfa_download_recovery_codes"): ("/account/recovery-codes/download/", NONE_YET),
    ("POST", "mfa_download_recovery_codes"): ("/account/recovery-codes/download/", NONE_YET),
    ("GET", "mfa_list_webauthn"): ("/account/passkeys/", PROVE),  # on the page of them all
    ("POST", "mfa_list_webauthn"): ("/account/passkeys/", PROVE),
    ("GET", "mfa_login_webauthn"): ("/account/passkeys/sign-in/", PROVE),
    ("POST", "mfa_login_webauthn"): ("/account/passkeys/sign-in/", PROVE),
    ("GET", "mfa_add_webauthn"): ("/account/passkeys/add/", PROVE),
    ("POST", "mfa_add_webauthn"): ("/account/passkeys/add/", PROVE),
    ("GET", "mfa_edit_webauthn"): ("/account/passkeys/1/name/", PROVE),
    ("POST", "mfa_edit_webauthn"): ("/account/passkeys/1/name/", PROVE),
    ("GET", "mfa_remove_webauthn"): ("/account/passkeys/1/remove/", PROVE),
    ("POST", "mfa_remove_webauthn"): ("/account/passkeys/1/remove/", PROVE),
    ("GET", "usersessions_list"): ("/account/sessions/", SIGNED_IN),
    ("POST", "usersessions_list"): ("/account/sessions/", (DOOR, 302, 302, 302, 302, 302)),
    # Saved files
    ("GET", "video"): ("/tasks/{task}/video", (DOOR, 404, 200, 200, 200, 200)),
    ("GET", "last_frame"): ("/tasks/{task}/last-frame", (DOOR, 404, 200, 200, 200, 200)),
    ("GET", "poster"): ("/tasks/{task}/poster", (DOOR, 404, 200, 200, 200, 200)),
    ("GET", "download"): ("/tasks/download.zip", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "download"): ("/tasks/download.zip?task={task}", (DOOR, 404, 200, 200, 200, 200)),
    # Stars, the trash, who did what
    ("GET", "star"): ("/tasks/{task}/star", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "star"): ("/tasks/{task}/star", (DOOR, 404, 302, 302, 302, 302)),
    ("GET", "delete_tasks"): ("/tasks/delete/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "delete_tasks"): ("/tasks/delete/?", (DOOR, 404, 404, 404, 404, 404)),  # of nothing
    ("GET", "delete_video"): ("/tasks/{task}/video/delete/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "delete_video"): (
        "/tasks/{task}/video/delete/",
        (DOOR, 404, 404, 404, 302, 404),  # the manager was before staff
    ),
    ("GET", "trash"): ("/trash/", (DOOR, 200, 403, 200, 200, 200)),
    ("GET", "restore"): ("/trash/restore/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "restore"): ("/trash/restore/", (DOOR, 404, 404, 404, 404, 404)),  # of nothing
    ("GET", "delete_for_good"): ("/trash/delete-for-good/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "delete_for_good"): ("/trash/delete-for-good/", (DOOR, 404, 404, 404, 404, 404)),
    ("GET", "audit"): ("/audit/", (DOOR, 403, 403, 403, 200, 200)),
    ("GET", "export_audit"): ("/audit/export.csv", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "export_audit"): ("/audit/export.csv", (DOOR, 403, 403, 403, 200, 200)),
    # The archive
    ("GET", "archive"): ("/archive/", SIGNED_IN),
    ("GET", "save_now"): ("/archive/save-now/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "save_now"): ("/archive/save-now/?", (DOOR, 404, 404, 404, 404, 404)),  # of nothing
    ("GET", "pulse"): ("/pulse/", (204, 200, 200, 200, 200, 200)),
    # Making
    ("GET", "make"): ("/tasks/new/", (DOOR, 200, 403, 200, 200, 200)),
    ("POST", "make"): ("/tasks/new/", (DOOR, 200, 403, 200, 200, 200)),
    ("GET", "make_look"): ("/tasks/new/look/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "make_look"): ("/tasks/new/look/", (DOOR, 200, 403, 200, 200, 200)),
    ("GET", "save_prompt"): ("/tasks/new/prompts/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "save_prompt"): ("/tasks/new/prompts/", (DOOR, 200, 403, 200, 200, 200)),
    ("GET", "saved_prompts"): ("/prompts/", (DOOR, 200, 403, 200, 200, 200)),
    ("GET", "saved_prompt"): ("/prompts/{prompt}/", (DOOR, 404, 404, 404, 200, 200)),  # not its own
    ("POST", "saved_prompt"): ("/prompts/{prompt}/", (DOOR, 404, 404, 404, 200, 200)),
    ("GET", "delete_prompt"): ("/prompts/{prompt}/delete/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "delete_prompt"): (  # when staff come, the manager has done it
        "/prompts/{prompt}/delete/",
        (DOOR, 404, 404, 404, 302, 404),
    ),
    ("GET", "it_exists"): ("/tasks/{task}/exists/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "it_exists"): ("/tasks/{task}/exists/", (DOOR, 404, 404, 404, 404, 404)),  # it is not
    ("GET", "cancel"): ("/tasks/{task}/cancel/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "cancel"): ("/tasks/{task}/cancel/", (DOOR, 404, 404, 404, 302, 302)),  # not its own
    ("GET", "send_again"): ("/tasks/{task}/again/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "send_again"): ("/tasks/{task}/again/", (DOOR, 404, 404, 404, 404, 404)),  # … lost
    ("GET", "once_more"): ("/tasks/{task}/once-more/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "once_more"): ("/tasks/{task}/once-more/", NONE_YET),  # made elsewhere
    ("GET", "go_on"): ("/tasks/{task}/go-on/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "go_on"): ("/tasks/{task}/go-on/", (DOOR, 404, 404, 302, 302, 302)),
    ("GET", "batch"): ("/batches/{batch}/", (DOOR, 404, 200, 200, 200, 200)),
    ("GET", "look_again"): ("/tasks/{task}/look/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "look_again"): ("/tasks/{task}/look/", (DOOR, 404, 404, 404, 404, 404)),  # not lost
    # Tracking
    ("GET", "track"): ("/tasks/track/", (DOOR, 200, 403, 200, 200, 200)),
    ("POST", "track"): ("/tasks/track/", (DOOR, 200, 403, 200, 200, 200)),
    # People: for whoever manages some project; a stranger to this one is a member of another
    ("GET", "people"): ("/people/", (DOOR, 403, 403, 403, 200, 200)),
    ("GET", "invite"): ("/people/invite/", (DOOR, 302, 302, 302, 302, 302)),  # to the page
    ("POST", "invite"): ("/people/invite/", (DOOR, 403, 403, 403, 200, 200)),
    ("GET", "invite_again"): (
        "/people/invitations/{invitation}/again/",
        (DOOR, 302, 302, 302, 302, 302),
    ),
    ("POST", "invite_again"): (
        "/people/invitations/{invitation}/again/",
        (DOOR, 404, 404, 404, 200, 200),
    ),
    ("GET", "withdraw_invitation"): (
        "/people/invitations/{invitation}/withdraw/",
        (DOOR, 405, 405, 405, 405, 405),
    ),
    ("POST", "withdraw_invitation"): (
        "/people/invitations/{invitation}/withdraw/",
        (DOOR, 404, 404, 404, 302, 302),
    ),
    ("GET", "person_role"): ("/people/{person}/role/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "person_role"): ("/people/{person}/role/", (DOOR, 404, 404, 404, 400, 400)),
    ("GET", "remove_person"): ("/people/{person}/remove/", (DOOR, 404, 404, 404, 200, 200)),
    ("POST", "remove_person"): (  # when staff come, the manager has done it
        "/people/{person}/remove/",
        (DOOR, 404, 404, 404, 302, 404),
    ),
    ("GET", "make_project"): ("/people/projects/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "make_project"): ("/people/projects/", (DOOR, 403, 403, 403, 403, 200)),
    ("GET", "rename_project"): (
        "/people/projects/{project}/name/",
        (DOOR, 405, 405, 405, 405, 405),
    ),
    ("POST", "rename_project"): (
        "/people/projects/{project}/name/",
        (DOOR, 403, 403, 403, 403, 200),
    ),
    ("GET", "join"): ("/join/nonsense/", (410,) * 6),
    ("POST", "join"): ("/join/nonsense/", (410,) * 6),
    # Credentials
    ("GET", "credentials"): ("/credentials/", (DOOR, 403, 403, 403, 200, 200)),
    ("GET", "credential_add"): ("/credentials/add/", (DOOR, 403, 403, 403, 200, 200)),
    ("POST", "credential_add"): ("/credentials/add/", (DOOR, 403, 403, 403, 200, 200)),
    ("GET", "credential"): ("/credentials/{credential}/", (DOOR, 403, 403, 403, 200, 200)),
    ("POST", "credential"): ("/credentials/{credential}/", (DOOR, 403, 403, 403, 200, 200)),
    ("GET", "credential_test"): (
        "/credentials/{credential}/test/",
        (DOOR, 403, 403, 403, 200, 200),
    ),
    ("POST", "credential_test"): (
        "/credentials/{credential}/test/",
        (DOOR, 403, 403, 403, 302, 302),
    ),
    ("GET", "credential_pause"): (
        "/credentials/{credential}/pause/",
        (DOOR, 405, 405, 405, 405, 405),
    ),
    ("POST", "credential_pause"): (
        "/credentials/{credential}/pause/",
        (DOOR, 403, 403, 403, 302, 302),
    ),
    ("GET", "credential_key"): ("/credentials/{credential}/key/", (DOOR, 403, 403, 403, 302, 302)),
    ("POST", "credential_key"): ("/credentials/{credential}/key/", (DOOR, 403, 403, 403, 200, 200)),
    ("GET", "credential_remove"): (
        "/credentials/{credential}/remove/",
        (DOOR, 403, 403, 403, 200, 200),
    ),
    ("POST", "credential_remove"): (
        "/credentials/{credential}/remove/",
        (DOOR, 403, 403, 403, 200, 200),
    ),
    # Money
    ("GET", "budgets"): ("/budgets/", SIGNED_IN),
    ("GET", "budget"): ("/budgets/{project}/", (DOOR, 404, 200, 200, 200, 200)),
    ("POST", "budget"): ("/budgets/{project}/", (DOOR, 404, 403, 403, 200, 200)),
    ("GET", "prices"): ("/credentials/{credential}/prices/", (DOOR, 403, 403, 403, 200, 200)),
    ("POST", "prices"): ("/credentials/{credential}/prices/", (DOOR, 403, 403, 403, 200, 200)),
    ("GET", "prices_documented"): (
        "/credentials/{credential}/prices/documented/",
        (DOOR, 405, 405, 405, 405, 405),
    ),
    ("POST", "prices_documented"): (
        "/credentials/{credential}/prices/documented/",
        (DOOR, 403, 403, 403, 302, 302),
    ),
    ("GET", "price"): ("/prices/{price}/", (DOOR, 403, 403, 403, 200, 200)),
    ("POST", "price"): ("/prices/{price}/", (DOOR, 403, 403, 403, 200, 200)),
    # Made elsewhere
    ("GET", "found"): ("/found/", (DOOR, 403, 403, 403, 200, 200)),
    ("GET", "found_state"): ("/found/{credential}/", (DOOR, 404, 404, 404, 200, 200)),
    ("GET", "found_compare"): ("/found/{credential}/compare/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "found_compare"): ("/found/{credential}/compare/", (DOOR, 404, 404, 404, 302, 302)),
    ("GET", "found_adopt"): ("/found/{credential}/adopt/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "found_adopt"): ("/found/{credential}/adopt/", (DOOR, 404, 404, 404, 302, 302)),
    # Pictures that are given
    ("GET", "make_upload"): ("/tasks/new/upload/", (DOOR, 405, 405, 405, 405, 405)),
    ("POST", "make_upload"): ("/tasks/new/upload/", (DOOR, 400, 403, 400, 400, 400)),  # of nothing
    ("GET", "upload"): ("/uploads/{upload}", (DOOR, 404, 200, 200, 200, 200)),
    ("GET", "shared"): ("/shared/{shared}", ALL_OF_THEM),  # whoever has the link, for a day
    # The Django admin; all its other pages are walked below
    ("GET", "admin/login/"): ("/admin/login/", (DOOR, 403, 403, 403, 403, 302)),
    ("POST", "admin/login/"): ("/admin/login/", NOT_BY_GET),
}
GET_ONLY = {
    "batch",
    "saved_prompts",
    "budgets",
    "credentials",
    "tasks",
    "task",
    "live",
    "endings",
    "found",
    "found_state",
    "healthz",
    "readyz",
    "statusz",
    "archive",
    "people",
    "pulse",
    "trash",
    "audit",
    "shared",
    "upload",
    "welcome",
    "video",
    "last_frame",
    "poster",
    "account_reset_password_done",
    "account_reset_password_from_key_done",
    "mfa_index",
    "mfa_view_recovery_codes",
}  # a POST is refused, see below


@pytest.fixture
def people(stranger: User, viewer: User, member: User, manager: User, staff: User) -> list[User]:
    return [stranger, viewer, member, manager, staff]


@pytest.fixture
def world(make_task: MakeTask, save_copy: SaveCopy) -> dict[str, Any]:
    task = make_task()
    save_copy(task, b"a video", poster=b"an image")
    save_copy(task, b"an image", kind=Kind.LAST_FRAME)
    StatusChange.objects.create(task=task, was="queued", became="running", at=timezone.now())
    schedule = apps.get_model("django_q", "Schedule")
    schedule.objects.create(func="math.floor", name="ours")
    theirs = task.credential  # and nobody else's
    theirs.open_to_all = False
    theirs.save(update_fields=["open_to_all"])
    theirs.projects.set([task.project])
    ids = {"credential": theirs.pk, "task": task.pk}
    made = {"project": task.project, "credential": theirs, "created_at": timezone.now()}
    ids["batch"] = Batch.objects.create(**made).pk
    prompt = SavedPrompt.objects.create(project=task.project, name="Boat", text="A boat")
    ids["prompt"] = prompt.pk
    price = Price.objects.create(
        credential=theirs, model="seedance-2-0-260128", amount=46, valid_from=timezone.now().date()
    )
    ids["price"] = price.pk
    return {**ids, **_somebody(task.project), **_a_picture(task.project)}


def _a_picture(project: Project) -> dict[str, Any]:
    facts = {"sha256": "5" * 64, "size": 7, "width": 640, "height": 360, "kind": "png"}
    who = {"project": project, "created_by": None}
    picture = Upload.objects.keep(BytesIO(b"a still"), timezone.now(), **who, **facts)
    return {"upload": picture.pk, "shared": picture.shared_url().rpartition("/")[2]}


def _somebody(project: Project) -> dict[str, int]:
    """Who is in the project and whom nobody else of these tests is, and who is invited."""
    person = User.objects.create_user("somebody")
    inviter = User.objects.create_user("inviter", is_staff=True)
    invitation, _token = Invitation.objects.make(
        project=project, role="viewer", invited_by=inviter, now=timezone.now()
    )
    return {
        "project": project.pk,
        "person": Membership.objects.create(project=project, user=person).pk,
        "invitation": invitation.pk,
    }


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
    for tail in ("", "refresh/", "video", "video?download", "last-frame", "poster"):
        for method in (client.get, client.post):
            real = method(f"/tasks/{world['task']}/{tail}")
            missing = method(f"/tasks/999999/{tail}")
            assert (real.status_code, _plain(real)) == (missing.status_code, _plain(missing))
            assert real.status_code in (404, 405)
    for url in ("/tasks/download.zip", "/archive/save-now/"):
        real = client.post(url, {"task": world["task"]})
        missing = client.post(url, {"task": 999999})
        assert (real.status_code, _plain(real)) == (404, _plain(missing))


def test_of_mixed_ids_only_ones_own_are_touched(
    stranger: User, world: dict[str, int], make_task: MakeTask, save_copy: SaveCopy
) -> None:
    client = Client()
    client.force_login(stranger)
    theirs = make_task(project=Project.objects.get(name="Elsewhere"))
    save_copy(theirs, b"their video")
    mixed = {"task": [world["task"], theirs.pk, 999999]}
    zipped = b"".join(client.post("/tasks/download.zip", mixed))
    assert b"their video" in zipped and b"a video" not in zipped.replace(b"their video", b"")
    later = timezone.now() + timedelta(hours=9)
    Copy.objects.update(state="waiting", due_at=later)
    assert client.post("/archive/save-now/", mixed).status_code == 302
    assert set(Copy.objects.filter(due_at=later).values_list("task", flat=True)) == {world["task"]}


def test_what_is_asked_about_another_project_in_an_address_is_answered_as_nothing(
    stranger: User, world: dict[str, int], member: User
) -> None:
    client = Client()
    client.force_login(stranger)
    for query in (
        f"?project={world['project']}",
        f"?person={member.pk}",
        f"?before={world['task'] + 1}",
        f"?after={world['task'] - 1}",
        "?since=2020-01-01",
        "?status=running",
    ):
        assert client.get(f"/{query}").context["shown"] == [], query


def test_the_feed_of_somebody_elses_page_tells_nothing(
    stranger: User, viewer: User, world: dict[str, int], make_task: MakeTask
) -> None:
    """As the page of who may see it asks; the same question from another project's person."""
    waiting = make_task(prompt="A secret plan", status="succeeded")
    Copy.objects.create(task=waiting, kind=Kind.VIDEO, created_at=timezone.now())
    theirs, others = Client(), Client()
    theirs.force_login(viewer)
    others.force_login(stranger)
    for page in ("/", f"/tasks/{waiting.pk}/", "/archive/"):
        url = re.sub(r"after=\d+", "after=0", theirs.get(page).context["feed"].url)
        told, kept = (client.get(url).content.decode() for client in (theirs, others))
        assert re.search(r'id="[tc]?\d+-|id="task-status"', told), page
        assert not re.search(r'id="[tc]?\d+-|id="task-status"', kept), page
        assert "A secret plan" not in kept and "cgt-" not in kept


def _plain(answer: Any) -> bytes:
    """The page without what differs by design: form tokens and the address itself."""
    body = re.sub(rb'name="csrfmiddlewaretoken" value="\w+"', b"", answer.content)
    return re.sub(rb"/tasks/\d+/", b"/tasks/N/", body)


def test_looking_changes_nothing(people: list[User], world: dict[str, int]) -> None:
    """Every GET of every address by everyone leaves all rows as they were.

    Except when a person was last seen: that one has looked is what it tells (tasks/preferences.py).
    """
    urls = [address.format(**world) for (method, _), (address, _) in EXPECTED.items()]
    clients = list(browsers(people))
    before = fingerprint()
    for _, client in clients:
        for url in [*urls, *admin_pages()]:
            if "logout" not in url:
                client.get(url)
    assert fingerprint() == before


def fingerprint() -> dict[str, str]:
    """A digest of every row of every table, but for when people were last seen."""
    return {
        model._meta.label: hashlib.sha256(
            repr(list(model._default_manager.order_by("pk").values_list(*columns(model)))).encode()
        ).hexdigest()
        for model in apps.get_models()
    }


def columns(model: type[Model]) -> list[str]:
    names = [field.attname for field in model._meta.concrete_fields]
    return [name for name in names if (model, name) != (Profile, "seen_at")]


def test_nobody_sees_a_project_they_are_not_in(stranger: User, project: Project) -> None:
    assert project not in Project.objects.visible_to(stranger)
