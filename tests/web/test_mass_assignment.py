"""Mass assignment: what no form asks for changes nothing, on every address that takes a POST.

Each post is made twice from the same state, as a form sends it and with fields beside it that
nobody asked for; both must leave the same rows. A new address needs a row in POSTS.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection, models
from django.test import Client
from django.utils import timezone

from tasks.models import Credential, Invitation, Membership, Project, Service
from tests.web.composing import ark, filled
from tests.web.everyone import people, world
from tests.web.test_access import EXPECTED, GET_ONLY, SESSION, undone
from tests.web.test_billing import ENTERED

__all__ = ["ark", "people", "world"]

pytestmark = [
    pytest.mark.exhaustive,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="there ids of undone rows come again"),
]

UUID = "7b0f6f0e-6f0b-4a3c-9d5e-0a1b2c3d4e5f"
NEW = {"password1": "tall-orange-7", "password2": "tall-orange-7"}
PREFERENCES = {"language": "auto", "theme": "dark", "density": "compact"}
PASSWORD = "a password of the tests"
TAKES = {"most_takes": "8", "takes_per_hour": ""}
BUDGET = {"period": "week", "limit": "500", "unit": "CNY", "levels": "50, 90"}
CREDENTIAL = {
    "provider": "dataeyes", "name": "Another", "base_url": "", "openness": "chosen",
    "projects": "{project}", "requests_per_second": "2", "check_seconds": "30",
}  # fmt: skip
COMPOSED = filled(key=UUID, credential="{ark}", project="{project}")

#: Fields of rows that decide who owns what, who may what, what it costs and how it stands.
UNASKED = {
    "project": "{foreign}", "project_id": "{foreign}", "projects": "{foreign}",
    "user": "{staff}", "user_id": "{staff}", "owner": "{staff}", "created_by": "{staff}",
    "created_by_id": "{staff}", "actor": "staff", "actor_id": "{staff}", "invited_by": "{staff}",
    "used_by": "{staff}", "credential": "{credential}", "credential_id": "{credential}",
    "id": "1", "pk": "1", "task": "{task}", "task_id": "{task}", "parent": "{task}",
    "is_superuser": "on", "is_staff": "on", "is_active": "", "role": "manager",
    "groups": "1", "user_permissions": "1", "username": "renamed", "email": "new@example.com",
    "status": "succeeded", "state": "saved", "trouble": "forbidden", "remote_id": "cgt-mine",
    "cost": "0", "cost_micros": "0", "cost_currency": "XXX", "total_tokens": "0", "amount": "0",
    "estimated": "0", "reserved": "0", "billed": "0", "limit": "999999999", "unit": "USD",
    "currency": "XXX", "person": "{staff}", "person_id": "{staff}", "set_by": "{staff}",
    "period": "day", "levels": "1", "scope": "person",
    "most_takes": "999", "takes_per_hour": "999", "open_to_all": "on",
    "sealed_key": "x", "key_sealed": "x", "base_url": "https://evil.example", "provider": "relay",
    "active": "", "deleted_at": "", "deleted_by": "{staff}", "token_hash": "x",
    "ends_at": "9999-01-01", "withdrawn_at": "", "used_at": "", "change": "1", "video_url": "https://evil.example/a.mp4",
    "name": "Unasked", "text": "Unasked", "kind": "video", "size": "1", "sha256": "0" * 64,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Post:
    """A post as a form sends it, and by whom; `asked` are further fields of its form."""

    by: str = "manager"
    data: dict[str, str] = field(default_factory=dict)
    asked: str = ""
    address: str = ""  # where it differs from the access table's
    writes: bool = True  # rows that the test looks at


def only_looks(**more: Any) -> Post:
    return Post(writes=False, **more)


CREDENTIAL_ASKED = "provider name base_url projects key requests_per_second check_seconds active"
PRICE_ASKED = "model other_model amount currency unit tier first"

POSTS: dict[str, Post] = {
    # Nobody is signed in
    "sign_in": only_looks(by="anonymous", data={"login": "member", "password": PASSWORD}),
    "account_login": only_looks(by="anonymous", data={"login": "member", "password": PASSWORD}),
    "enter": Post(by="anonymous", address="/enter/{link}/"),
    "join": Post(by="anonymous", address="/join/{joining}/",
                 data={"username": "newcomer", "email": "n@example.com", **NEW},
                 asked="username email"),
    "account_reset_password": only_looks(by="anonymous", data={"email": "member@example.com"},
                                         asked="email"),
    "account_reset_password_from_key": only_looks(by="anonymous", data=NEW),
    "mfa_authenticate": only_looks(by="anonymous", data={"code": "000000"}),
    "mfa_login_webauthn": only_looks(by="anonymous"),
    "callback": only_looks(by="anonymous"),
    **dict.fromkeys(
        ("ark_tasks", "ark_task", "ark_models", "api_file", "api_nothing", "openai_videos",
         "openai_video", "openai_content", "openai_models", "newapi_generations",
         "newapi_generation", "gateway_nothing"),
        only_looks(by="anonymous"),
    ),
    "set_theme": only_looks(by="anonymous", data={"theme": "dark"}),
    "set_view": Post(data={"view": "list"}),
    # One's own account
    "sign_out": Post(),
    "password": only_looks(data={"oldpassword": PASSWORD, **NEW}),
    "account_change_password": only_looks(data={"oldpassword": PASSWORD, **NEW}),
    "account_set_password": only_looks(data=NEW),
    "account_reauthenticate": only_looks(data={"password": PASSWORD}),
    "mfa_reauthenticate": only_looks(),
    "mfa_reauthenticate_webauthn": only_looks(),
    "mfa_activate_totp": only_looks(),
    "mfa_deactivate_totp": only_looks(),
    "mfa_generate_recovery_codes": only_looks(),
    "mfa_download_recovery_codes": only_looks(),
    "mfa_list_webauthn": only_looks(),
    "mfa_add_webauthn": only_looks(),
    "mfa_edit_webauthn": only_looks(),
    "mfa_remove_webauthn": only_looks(),
    "usersessions_list": only_looks(),
    "preferences": Post(data=PREFERENCES),
    "set_language": Post(data={"language": "zh-hans"}),
    # Tasks
    "refresh_task": only_looks(),
    "download": Post(data={"task": "{task}"}, asked="task"),
    "star": Post(),
    "delete_tasks": Post(data={"task": "{task}"}, asked="task"),
    "delete_video": Post(),
    "restore": only_looks(asked="task"),
    "delete_for_good": only_looks(asked="task"),
    "export_audit": Post(asked="project actor kind person"),
    "save_now": only_looks(asked="task"),
    "it_exists": only_looks(data={"remote_id": "cgt-20261120120000-zzzzz"}, asked="remote_id"),
    "cancel": only_looks(),
    "send_again": only_looks(),
    "run_again": only_looks(data={"key": UUID}),
    "continue_from": only_looks(),
    "retry_lookup": only_looks(),
    # New ones
    "compose": Post(data=COMPOSED, asked="project credential"),
    "compose_preview": only_looks(data=COMPOSED, asked="project credential"),
    "compose_upload": only_looks(asked="project model"),
    "save_prompt": Post(data={**COMPOSED, "prompt_name": "Canal"}, asked="project credential"),
    "saved_prompt": Post(data={"name": "Canal", "text": "A canal"}, asked="name text"),
    "delete_prompt": Post(),
    "track": Post(data={"ids": "cgt-20261120120000-aaaaa", "credential": "{ark}",
                        "project": "{project}", "step": "track"}, asked="project credential"),
    # People
    "invite": Post(data={"role": "viewer", "email": "", "project": "{project}"},
                   asked="role email project"),
    "invite_again": Post(),
    "withdraw_invitation": Post(),
    "person_role": Post(data={"role": "viewer"}, asked="role"),
    "remove_person": Post(),
    "api_tokens": Post(data={"name": "Night run", "scope": "read", "project": "{project}",
                             "life": "90", "day_limit": "5", "unit": "CNY"}),
    "connect": Post(data={"name": "Night run", "project": "{project}"}, asked="name project"),
    "revoke_api_token": Post(),
    "project_tokens": Post(data={"project": "{project}", "token-service": "{service}",
                                 "token-name": "Night run", "token-scope": "read"}),
    "make_service": Post(data={"project": "{project}", "service-name": "render-farm",
                               "service-role": "viewer"}),
    "create_project": Post(by="staff", data={"name": "Third"}, asked="name"),
    "viewer_details": Post(data={"viewers_see_details": "on"}, asked="viewers_see_details"),
    "rename_project": Post(by="staff", data={"name": "Third"}, asked="name"),
    # Credentials and money
    "credential_add": Post(data={**CREDENTIAL, "key": "sk-new-0123456789"}, asked=CREDENTIAL_ASKED),
    "credential": Post(data={**CREDENTIAL, "base_url": "https://gateway.example"},
                       asked=CREDENTIAL_ASKED),
    "credential_test": Post(),
    "credential_models": only_looks(),
    "credential_pause": Post(),
    "credential_key": Post(data={"new-key": "sk-new-0123456789"}),
    "credential_remove": only_looks(data={"name": "Gateway of the tests"}, asked="name"),
    "export_costs": Post(asked="project credential provider person period"),
    "export_charges": Post(
        data={"column": "day"}, asked="project credential provider person period"
    ),
    "bills": only_looks(by="staff", asked="credential"),
    "bill_columns": only_looks(by="staff", asked="currency"),
    "bill_compare": Post(by="staff"),
    "bill_adopt": only_looks(by="staff", asked="project"),
    "bill_export": Post(by="staff"),
    "bill_remove": Post(by="staff"),
    "ask_for_sums": Post(asked="project credential provider person period"),
    "ask_for_takes": Post(
        data={"column": "day"}, asked="project credential provider person period"
    ),
    "delete_export": Post(),
    "budget": Post(data=TAKES),
    "budget_add": Post(data={**BUDGET, "person": ""}),
    "person_budget_add": Post(by="staff", data={**BUDGET, "person": "{staff}"}),
    "credential_budget_add": Post(by="staff", data={**BUDGET, "credential": "{ark}"}),
    "budget_change": Post(data=BUDGET),
    "budget_remove": Post(),
    "prices": Post(data={**ENTERED, "other_model": "seedance-3-0"}, asked=PRICE_ASKED),
    "prices_documented": only_looks(),
    "price": Post(data={"amount": "44", "first": "2027-02-01"}, asked=PRICE_ASKED),
    "untracked_compare": Post(),
    "untracked_adopt": only_looks(asked="project task"),
    "admin/login/": only_looks(),
}  # fmt: skip


def test_every_address_that_takes_a_post_is_tried() -> None:
    named = {name for method, name in EXPECTED if method == "POST"}
    assert set(POSTS) == {name for name in named if not name.startswith("moved_")}
    assert not set(POSTS) & GET_ONLY


@pytest.fixture
def known(
    world: dict[str, Any], people: list[User], ark: Credential, member: User, staff: User
) -> dict[str, Any]:
    """The rows that the addresses and the data name."""
    now = timezone.now()
    _, joining = Invitation.objects.make(
        project=Project.objects.get(pk=world["project"]), role="viewer", invited_by=staff, now=now
    )
    link = apps.get_model("tasks", "SignInLink").objects.make(user=member, now=now)
    foreign = Project.objects.get(name="Elsewhere").pk
    service = User.objects.create_user("robot")
    Membership.objects.create(project_id=world["project"], user=service)
    Service.objects.create(user=service, project_id=world["project"], created_at=now)
    more: dict[str, Any] = {"service": service.pk}
    more |= {"joining": joining, "link": link, "foreign": foreign, "staff": staff.pk, "ark": ark.pk}
    return {**world, **more}


def test_what_no_form_asks_for_changes_nothing(known: dict[str, Any], people: list[User]) -> None:
    keys = {person.username: session_of(person) for person in people}
    before = rows()
    wrong: dict[str, tuple[Any, int]] = {}
    with time_machine.travel(timezone.now(), tick=False):
        for name, post in POSTS.items():
            usual, _ = outcome(name, post, {}, known, keys)
            asked = {*post.asked.split(), *post.data}
            unasked = {key: value for key, value in UNASKED.items() if key not in asked}
            tried, answer = outcome(name, post, unasked, known, keys)
            if tried != usual:
                wrong[name] = [*(tried - usual), *(usual - tried)], answer
            if post.writes and usual == before:
                wrong[name] = "The post of the table changes nothing.", answer
    assert not wrong, "\n".join(f"{name}: {what}" for name, what in wrong.items())


def outcome(
    name: str, post: Post, more: dict[str, str], known: dict[str, Any], keys: dict[str, str]
) -> tuple[Counter[Any], int]:
    """All rows after a post, which is then undone, and the status of its answer."""
    data = {key: str(value).format(**known) for key, value in {**post.data, **more}.items()}
    address = (post.address or EXPECTED["POST", name][0]).format(**known)
    client = Client()
    if key := keys.get(post.by):
        client.cookies[SESSION] = key
    with undone():
        answer = client.post(address, data)
        return rows(), answer.status_code


def session_of(person: User) -> str:
    client = Client()
    client.force_login(person)
    return str(client.cookies[SESSION].value)


#: Values that differ each time: random ones, and what is sealed or hashed with them.
RANDOM = (
    "token",
    "digest",
    "hash",
    "key",
    "session",
    "password",
    "payload",
    "data",
    "queue_id",
    "uid",
    "prefix",
)


def rows() -> Counter[tuple[str, ...]]:
    """All rows of all tables but the cache's, without what is random."""
    found: Counter[tuple[str, ...]] = Counter()
    for model in apps.get_models():
        fields = [each for each in model._meta.concrete_fields if is_compared(each)]
        names = [each.attname for each in fields]
        for values in model._default_manager.values_list(*names):
            pairs = zip(names, values, strict=True)
            found[model._meta.label, *(f"{name}={value}" for name, value in pairs)] += 1
    return found


def is_compared(column: models.Field[Any, Any]) -> bool:
    return not any(word in column.name for word in RANDOM)
