"""JSON that visitors post, too deep, too long or of the wrong content: refused, and never a 500."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256
from itertools import product
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.asymmetric import ec
from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils.http import int_to_base36
from fido2.cose import ES256
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData

from tasks.models import Credential, Task
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf
from tests.web.entering import PASSWORD, sign_in
from tests.web.track.conftest import ark
from tests.web.track.doing import URL
from tests.web.track.test_files import uploaded

__all__ = ["ark"]

pytestmark = pytest.mark.usefixtures("fresh_counts")

Post = Callable[[str], Any]


def in_base64(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def answer(**response: Any) -> str:
    """An answer with the outer form of a browser's."""
    return json.dumps({"id": "YQ", "rawId": "YQ", "type": "public-key", "response": response})


CLIENT_DATA = in_base64(b'{"challenge": "YQ", "type": "x", "origin": "x"}')
NO_JSON = [
    "[",
    "[" * 100_000,
    "[" * 100_000 + "]" * 100_000,
    '{"a":' * 5_000 + "1" + "}" * 5_000,
    "9" * 5_000,
    f'"{"a" * 70_000}"',
]
NO_ANSWER = [
    "null",
    "[]",
    '"\\ud800"',
    "1e999",
    '{"response": 1}',
    '{"id": 1, "rawId": "x", "type": "public-key", "response": {}}',
    answer(clientDataJSON="e30", attestationObject="YQ"),
    answer(clientDataJSON=None, attestationObject=[1]),
    answer(clientDataJSON=CLIENT_DATA, attestationObject="gA"),
    answer(clientDataJSON="e30", attestationObject=in_base64(b"\x81" * 30_000)),
    answer(clientDataJSON="e30", authenticatorData="YQ", signature="YQ", userHandle="YQ"),
    answer(clientDataJSON="W10", authenticatorData="A" * 50, signature="YQ", userHandle="MQ"),
    answer(clientDataJSON=CLIENT_DATA, authenticatorData="A" * 50, signature="YQ", userHandle="_w"),
    answer(
        clientDataJSON=in_base64(b"[" * 40_000),
        authenticatorData="A" * 50,
        signature="YQ",
        userHandle="MQ",
    ),
]


CREDENTIAL_ID = b"a key of the tests"


def a_passkey() -> dict[str, Any]:
    """The words of a browser about a new passkey, with the data of a real key of no device."""
    key = ES256.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()).public_key())
    credential = AttestedCredentialData.create(Aaguid.NONE, CREDENTIAL_ID, key)
    known = AuthenticatorData.create(b"0" * 32, AuthenticatorData.FLAG.AT, 1, credential)
    attested = AttestationObject.create("none", known, {})
    said = answer(clientDataJSON=CLIENT_DATA, attestationObject=in_base64(attested))
    own = {"id": in_base64(CREDENTIAL_ID), "rawId": in_base64(CREDENTIAL_ID)}
    return {"name": "Blue key", "credential": json.loads(said) | own}


@pytest.fixture
def doors(client_of: ClientOf, member: User, viewer: User) -> dict[str, Post]:
    """All addresses that take a browser's answer about a passkey, each begun as a browser does."""
    Authenticator.objects.create(user=viewer, type="webauthn", data=a_passkey())
    stranger, adding, entering, again = Client(), client_of(member), Client(), client_of(viewer)
    adding.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    sign_in(entering, "viewer")
    clients = {
        "mfa_login_webauthn": stranger,
        "mfa_add_webauthn": adding,
        "mfa_authenticate": entering,
        "mfa_reauthenticate_webauthn": again,
    }

    def door(name: str, client: Client) -> Post:
        def post(credential: str) -> Any:
            client.get(reverse(name), headers={"accept": "application/json"})
            return client.post(reverse(name), {"credential": credential, "name": "Blue"})

        return post

    return {name: door(name, client) for name, client in clients.items()}


@pytest.mark.exhaustive
def test_what_is_no_json_is_not_understood(doors: dict[str, Post]) -> None:
    for (name, post), posted in product(doors.items(), NO_JSON):
        page = post(posted)
        assert page.status_code == 400, (name, posted[:9])
        assert "be understood" in page.content.decode()


@pytest.mark.each_case
@pytest.mark.parametrize("posted", NO_ANSWER, ids=lambda text: text[:24])
def test_json_that_is_no_answer_is_a_wrong_one(doors: dict[str, Post], posted: str) -> None:
    before = Authenticator.objects.count()
    for name, post in doors.items():
        assert post(posted).status_code in (200, 302), name
    assert Authenticator.objects.count() == before


def test_every_other_form_takes_no_json(db: None, staff: User) -> None:
    """A field of Django's for JSON fails with a 500 where the text is nested deeply."""
    request = RequestFactory().get("/")
    request.user = staff
    plain = {
        (form.__name__, name)
        for form in [
            *subclasses(forms.BaseForm),
            *(model_admin.get_form(request) for model_admin in admin.site._registry.values()),
        ]
        for name, field in getattr(form, "base_fields", {}).items()
        if type(field) is forms.JSONField and not form.__module__.startswith("allauth.")
    }
    assert plain == set()


def subclasses(form: type) -> set[type]:
    return {form}.union(*map(subclasses, form.__subclasses__()))


def test_a_known_passkey_with_a_wrong_signature_is_a_wrong_one(
    client: Client, viewer: User
) -> None:
    Authenticator.objects.create(user=viewer, type="webauthn", data=a_passkey())
    asked = client.get(reverse("mfa_login_webauthn"), headers={"accept": "application/json"})
    challenge = asked.json()["request_options"]["publicKey"]["challenge"]
    client_data = {"challenge": challenge, "type": "webauthn.get", "origin": "https://testserver"}
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV
    said = answer(
        clientDataJSON=in_base64(json.dumps(client_data).encode()),
        authenticatorData=in_base64(
            AuthenticatorData.create(sha256(b"testserver").digest(), flags, 2)
        ),
        signature=in_base64(b"no signature"),
        userHandle=in_base64(int_to_base36(viewer.pk).encode()),
    )
    own = {"id": in_base64(CREDENTIAL_ID), "rawId": in_base64(CREDENTIAL_ID)}
    posted = {"credential": json.dumps(json.loads(said) | own)}
    assert client.post(reverse("mfa_login_webauthn"), posted).status_code == 302
    assert "_auth_user_id" not in client.session


@pytest.mark.exhaustive
def test_a_file_may_be_nested_as_deeply_as_it_likes(
    client_of: ClientOf, member: User, ark: Credential
) -> None:
    client = client_of(member)
    for depth, text in product((20, 900, 950, 975, 1_000, 200_000), ("%s", '[{"prompt": %s}]')):
        data = text % ("[" * depth + "1" + "]" * depth)
        assert client.post(URL, uploaded(data.encode(), ark)).status_code == 200, (depth, text)
    assert not Task.objects.exists()


def test_a_deeply_nested_answer_is_shown_as_it_came(
    client_of: ClientOf, staff: User, make_task: MakeTask
) -> None:
    task = make_task(raw="[" * 5_000 + "]" * 5_000)
    for address in (f"/tasks/{task.pk}/", reverse("admin:tasks_task_change", args=[task.pk])):
        assert "[[[[" in client_of(staff).get(address).content.decode()
