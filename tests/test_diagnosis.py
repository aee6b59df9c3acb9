"""What testing a connection says, for everything that can be in the way."""

import ssl
from collections.abc import Callable

import httpx
import pytest
from django.utils import timezone

from tasks.diagnosis import diagnose, examine
from tasks.models import Credential
from tasks.providers import ProviderError, Trouble
from tasks.providers.client import Client

KEY = "sk-of-the-tests-0123456789"
Reply = Callable[[httpx.Request], httpx.Response]


def answer(status: int, json: object = None, **more: object) -> Reply:
    return lambda request: httpx.Response(status, json=json, **more)  # type: ignore[arg-type]


def fails(error: Exception) -> Reply:
    def reply(request: httpx.Request) -> httpx.Response:
        raise error

    return reply


def gateway_error(code: str, message: str) -> dict[str, object]:
    return {"code": code, "message": message, "data": None}


def examined(credential: Credential, reply: Reply) -> tuple[bool, str]:
    client = Client(credential.base_url, KEY, transport=httpx.MockTransport(reply))
    diagnosis = examine(credential, now=timezone.now(), client=client)
    return diagnosis.ok, str(diagnosis)


INVALID_URL = {"error": {"message": "Invalid URL (GET /v1/v1/x)", "type": "invalid_request_error"}}
BAD_KEY = {"error": {"message": f"Invalid token {KEY} (request id: 1)", "type": "new_api_error"}}
HTML = {"text": "<!doctype html><html>console</html>", "headers": {"content-type": "text/html"}}


@pytest.mark.parametrize(
    ("reply", "ok", "says"),
    [
        (answer(400, gateway_error("task_not_exist", "task_not_exist")), True, "accepts the key"),
        (answer(401, BAD_KEY), False, "refused the key"),
        (answer(404, INVALID_URL), False, "base URL leads somewhere else"),
        (answer(200, **HTML), False, "base URL leads somewhere else"),
        (answer(301, headers={"location": "https://b.example"}), False, "base URL leads somewhere"),
        (answer(403, {"error": {"code": "AccountOverdueError", "message": "x"}}), False, "owes"),
        (
            answer(404, {"error": {"code": "ModelNotOpen", "message": "x"}}),
            False,
            "key is accepted",
        ),
        (answer(429), False, "fewer requests"),
        (answer(503, text="upstream"), False, "error of its own"),
        (answer(200, text=""), False, "answer was empty"),
        (fails(httpx.ConnectError("refused")), False, "No connection"),
        (fails(httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED]")), False, "certificate"),
        (fails(ssl.SSLError("bad record")), False, "No connection"),
        (fails(httpx.ReadTimeout("slow")), False, "No answer in time"),
    ],
)
def test_each_obstacle_is_named(credential: Credential, reply: Reply, ok: bool, says: str) -> None:
    verdict, sentence = examined(credential, reply)
    assert (verdict, says in sentence) == (ok, True), sentence


def test_asking_for_nobodys_task_is_one_get_with_the_key(credential: Credential) -> None:
    seen: list[httpx.Request] = []

    def reply(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(400, json=gateway_error("task_not_exist", "task_not_exist"))

    examined(credential, reply)
    assert [(r.method, r.headers["Authorization"]) for r in seen] == [("GET", f"Bearer {KEY}")]
    assert seen[0].url.path == f"/v1/video/generations/{credential.service.dialect.probe_id}"


@pytest.mark.parametrize("key", [KEY, "0f8b2c44-aaaa-4bbb-8ccc-1234567890ab"])
def test_a_key_that_the_provider_repeats_is_not_repeated_by_us(
    credential: Credential, key: str
) -> None:
    credential.replace_key(key)
    refusal = {"error": {"message": f"Invalid token {key} (request id: 1)", "type": "x"}}
    _, sentence = examined(credential, answer(401, refusal))
    credential.refresh_from_db()
    assert "token" in sentence
    assert key not in sentence + credential.trouble_message


def test_the_address_that_was_asked_stands_in_the_diagnosis(credential: Credential) -> None:
    credential.base_url = "https://gateway.example/v1"
    _, sentence = examined(credential, answer(404, INVALID_URL))
    assert "GET https://gateway.example/v1/v1/video/generations/" in sentence


def test_the_credential_remembers_how_it_went(credential: Credential) -> None:
    examined(credential, answer(401, BAD_KEY))
    credential.refresh_from_db()
    assert credential.trouble == Trouble.UNAUTHORIZED
    examined(credential, answer(400, gateway_error("task_not_exist", "task_not_exist")))
    credential.refresh_from_db()
    assert (credential.trouble, credential.paused_until) == ("", None)
    assert credential.heard_at


def test_a_key_sealed_with_a_lost_key_is_asked_for_again(credential: Credential) -> None:
    credential.sealed_key = "gAAAAAB-not-ours"
    diagnosis = examine(credential, now=timezone.now())
    assert not diagnosis.ok
    assert "type it again" in diagnosis.sentence


@pytest.mark.parametrize("trouble", list(Trouble))
def test_there_is_a_sentence_for_every_trouble(trouble: Trouble) -> None:
    diagnosis = diagnose(ProviderError("So it is.", trouble=trouble), asked="https://g.example/x")
    assert len(diagnosis.sentence) > 20
    assert diagnosis.ok == (trouble == Trouble.NOT_FOUND)
