"""Second factors after the password: codes of an app, recovery codes."""

import time
from io import StringIO
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from tasks import encryption
from tasks.team.signin.adapters import SECOND_FACTOR
from tests.web.conftest import ClientOf
from tests.web.entering import PASSWORD, link_for, path_of, sign_in

pytestmark = pytest.mark.usefixtures("fresh_counts")


@pytest.fixture
def at() -> Any:
    """A frozen moment in the middle of a 30-second period, which the test can move."""
    with time_machine.travel((time.time() // 30) * 30 + 15, tick=False) as traveller:
        yield traveller


def code(secret: str, *, periods: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + periods))


def again(client: Client, password: str = PASSWORD) -> Any:
    return client.post(reverse("account_reauthenticate"), {"password": password})


def set_up(client: Client) -> str:
    """Set up an app for the client's person, and return its secret."""
    again(client)
    page = client.get(reverse("mfa_activate_totp"))
    secret: str = page.context["form"].secret
    done = client.post(reverse("mfa_activate_totp"), {"code": code(secret)})
    assert done.headers["Location"] == reverse("mfa_view_recovery_codes"), done.content
    return secret


@pytest.fixture
def secret(at: Any, client_of: ClientOf, member: User) -> str:
    """The secret of a member's app; the period in which it was set up is over."""
    secret = set_up(client_of(member))
    at.shift(120)
    return secret


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_an_app_is_shown_as_a_picture_that_the_policy_allows(
    at: Any, client_of: ClientOf, member: User
) -> None:
    client = client_of(member)
    again(client)
    page = client.get(reverse("mfa_activate_totp")).content.decode()
    assert 'src="data:image/svg+xml;base64,' in page


def test_changes_of_factors_need_the_password_again(client_of: ClientOf, member: User) -> None:
    client = client_of(member)
    for name in ("mfa_activate_totp", "mfa_add_webauthn", "mfa_generate_recovery_codes"):
        asked = client.get(reverse(name))
        assert asked.headers["Location"].startswith(reverse("account_reauthenticate")), name
    assert again(client, "wrong").status_code == 200
    assert client.get(reverse("mfa_activate_totp")).status_code == 302
    again(client)
    assert client.get(reverse("mfa_activate_totp")).status_code == 200


def test_after_the_password_the_code_is_asked_for(client: Client, secret: str) -> None:
    asked = sign_in(client, "member", next="/tasks/track/")
    assert asked.headers["Location"] == reverse("mfa_authenticate")
    assert not is_in(client)
    assert client.get("/").headers["Location"].startswith("/sign-in/")
    wrong = client.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert "wrong or has already been used" in wrong.content.decode()
    entered = client.post(reverse("mfa_authenticate"), {"code": code(secret)})
    assert entered.headers["Location"] == "/tasks/track/"
    assert is_in(client)


@pytest.mark.parametrize("later", [0, 29, 31, 45])
def test_a_code_works_only_once_while_it_is_valid(
    client: Client, secret: str, at: Any, later: int
) -> None:
    """A code is valid one period before and after its own, because clocks differ."""
    valid = code(secret, periods=1)
    sign_in(client, "member")
    assert client.post(reverse("mfa_authenticate"), {"code": valid}).status_code == 302
    at.shift(later)
    other = Client()
    sign_in(other, "member")
    assert other.post(reverse("mfa_authenticate"), {"code": valid}).status_code == 200
    assert not is_in(other)


def test_the_code_that_set_up_an_app_does_not_sign_in(
    at: Any, client: Client, client_of: ClientOf, member: User
) -> None:
    secret = set_up(client_of(member))
    sign_in(client, "member")
    client.post(reverse("mfa_authenticate"), {"code": code(secret)})
    assert not is_in(client)


def test_guessing_codes_is_stopped(client: Client, secret: str) -> None:
    sign_in(client, "member")
    for n in range(10):
        client.post(reverse("mfa_authenticate"), {"code": f"{n:06}"})
    right = client.post(reverse("mfa_authenticate"), {"code": code(secret)})
    assert "Too many" in right.content.decode()
    assert not is_in(client)


def test_a_recovery_code_works_once(client: Client, secret: str, member: User) -> None:
    codes = Authenticator.objects.get(user=member, type="recovery_codes").wrap()
    recovery_code = codes.get_unused_codes()[0]
    for expected in (True, False):
        other = Client()
        sign_in(other, "member")
        other.post(reverse("mfa_authenticate"), {"code": recovery_code})
        assert is_in(other) is expected


def test_recovery_codes_are_shown_downloaded_and_regenerated(
    client_of: ClientOf, secret: str, member: User, at: Any
) -> None:
    client = client_of(member)
    again(client)
    presented = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]
    text = client.get(reverse("mfa_download_recovery_codes")).content.decode()
    assert len(presented) == 10 and all(each in text for each in presented)
    client.post(reverse("mfa_generate_recovery_codes"))
    fresh = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]
    assert not set(fresh) & set(presented)


def test_without_the_app_the_password_is_enough_again(
    client: Client, client_of: ClientOf, secret: str, member: User
) -> None:
    owner = client_of(member)
    again(owner)
    assert owner.post(reverse("mfa_deactivate_totp")).status_code == 302
    assert not Authenticator.objects.exists()
    assert sign_in(client, "member").headers["Location"] != reverse("mfa_authenticate")
    assert is_in(client)


def test_nobody_removes_the_passkey_of_another(
    client_of: ClientOf, member: User, viewer: User
) -> None:
    theirs = Authenticator.objects.create(user=viewer, type="webauthn", data={"name": "a key"})
    client = client_of(member)
    again(client)
    for name in ("mfa_remove_webauthn", "mfa_edit_webauthn"):
        missing = client.post(reverse(name, args=[theirs.pk + 1]))
        assert client.post(reverse(name, args=[theirs.pk])).status_code == 404
        assert missing.status_code == 404
    assert Authenticator.objects.filter(pk=theirs.pk).exists()


# At rest


def test_the_database_holds_no_secret_that_opens_anything(secret: str, member: User) -> None:
    for row in Authenticator.objects.all():
        assert secret not in str(row.data)
    app = Authenticator.objects.get(type="totp")
    assert encryption.unseal(app.data["secret"], bound_to=SECOND_FACTOR) == secret


def test_without_the_key_file_a_code_is_refused_with_the_reason(
    client: Client, secret: str, settings: Any
) -> None:
    settings.CREDENTIAL_KEYS = ["x8P_c6VQbQT0z9cOq-J8Lc4RAa8jxxvV3pSATBqD9d0="]
    settings.CREDENTIAL_KEYS_FILE = None
    sign_in(client, "member")
    answer = client.post(reverse("mfa_authenticate"), {"code": code(secret)})
    assert answer.status_code == 200 and "a key file of this site is missing" in str(
        answer.content.decode()
    )
    assert not is_in(client)


# One-time links


def test_a_one_time_link_replaces_only_the_password(
    client: Client, secret: str, member: User
) -> None:
    entered = client.post(link_for(member))
    assert entered.headers["Location"] == reverse("mfa_authenticate")
    assert not is_in(client)
    client.post(reverse("mfa_authenticate"), {"code": code(secret)})
    assert is_in(client)


def test_the_operator_can_let_a_link_replace_both_factors(
    client: Client, secret: str, member: User
) -> None:
    out = StringIO()
    options = {"user": "member", "base": "http://here", "without_second_factor": True}
    call_command("sign_in_link", **options, stdout=out, stderr=StringIO())
    client.post(path_of(out.getvalue().strip()))
    assert is_in(client)
