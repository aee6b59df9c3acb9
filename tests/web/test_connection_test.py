"""Tests of a connection: the message for every obstacle."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable
from email.utils import formatdate

import httpx
import pytest
from django.utils import timezone

from tasks import jobs
from tasks.models import Credential
from tasks.providers import ProviderError, Trouble
from tasks.providers.transport import connection_check
from tasks.providers.transport.client import Client, RequestTrace
from tasks.providers.transport.connection_check import CheckResult, CheckState, CheckStep
from tasks.simulator.server import Simulator
from tasks.team.credentials import looks_like
from tasks.tracking.connection_test import examine
from tasks.web.messages.connection_test import Diagnosis, diagnose

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


def diagnosed(credential: Credential, reply: Reply) -> Diagnosis:
    client = Client(credential.base_url, KEY, transport=httpx.MockTransport(reply))
    return diagnose(examine(credential, now=timezone.now(), client=client))


def examined(credential: Credential, reply: Reply) -> tuple[bool, str]:
    diagnosis = diagnosed(credential, reply)
    return diagnosis.ok, str(diagnosis)


def states(diagnosis: Diagnosis) -> dict[CheckStep, CheckState]:
    return {each.step: each.state for each in diagnosis.steps}


INVALID_URL = {"error": {"message": "Invalid URL (GET /v1/v1/x)", "type": "invalid_request_error"}}
BAD_KEY = {"error": {"message": f"Invalid token {KEY} (request id: 1)", "type": "new_api_error"}}
HTML = {"text": "<!doctype html><html>console</html>", "headers": {"content-type": "text/html"}}


@pytest.mark.parametrize(
    ("reply", "ok", "says"),
    [
        (answer(400, gateway_error("task_not_exist", "task_not_exist")), True, "the key works"),
        (answer(401, BAD_KEY), False, "rejected the key"),
        (answer(404, INVALID_URL), False, "base URL points somewhere else"),
        (answer(200, **HTML), False, "base URL points somewhere else"),
        (
            answer(301, headers={"location": "https://b.example"}),
            False,
            "base URL points somewhere",
        ),
        (answer(301, headers={"location": "https://b.example"}), False, "301: https://b.example"),
        (
            answer(403, {"error": {"code": "AccountOverdueError", "message": "x"}}),
            False,
            "overdue balance",
        ),
        (
            answer(404, {"error": {"code": "ModelNotOpen", "message": "x"}}),
            False,
            "key is accepted",
        ),
        (answer(429), False, "limiting requests"),
        (answer(503, text="upstream"), False, "error of its own"),
        (answer(200, text=""), False, "answer was empty"),
        (fails(httpx.ConnectError("refused")), False, "connect to the provider"),
        (fails(httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED]")), False, "certificate"),
        (fails(ssl.SSLError("bad record")), False, "connect to the provider"),
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
    diagnosis = diagnose(examine(credential, now=timezone.now()))
    assert not diagnosis.ok
    assert "Enter it again" in diagnosis.sentence
    assert len(diagnosis.steps) == len(CheckStep)


def test_a_key_that_no_header_can_hold_is_said_to_be_the_obstacle(credential: Credential) -> None:
    credential.replace_key("sk-with-a-\x00-inside-0123")
    credential.save()
    diagnosis = diagnose(examine(credential, now=timezone.now()))
    assert states(diagnosis)[CheckStep.KEY] == CheckState.FAILED
    assert states(diagnosis)[CheckStep.REACHABLE] == CheckState.UNKNOWN


@pytest.mark.parametrize("trouble", list(Trouble))
def test_there_is_a_sentence_for_every_trouble(trouble: Trouble) -> None:
    error = ProviderError("So it is.", trouble=trouble, status_code=400)
    met = connection_check.check_request(error, RequestTrace(), url="https://g.example/x")
    diagnosis = diagnose(
        [*met, connection_check.check_list(None, url=""), connection_check.check_clock(0)]
    )
    assert len(diagnosis.sentence) > 20
    assert diagnosis.ok == (trouble == Trouble.NOT_FOUND)


# Another provider than the chosen one

ARK_REFUSAL = {
    "error": {
        "code": "AuthenticationError",
        "message": "The API key in the request is missing or invalid. Request id: 0217",
        "type": "Unauthorized",
    }
}
ARK_UNKNOWN = {
    "error": ARK_REFUSAL["error"] | {"code": "ResourceNotFound", "type": "NotFound"},
}
ARK_OUTAGE = {
    "error": ARK_REFUSAL["error"] | {"code": "InternalServiceError", "type": "InternalServerError"}
}


@pytest.mark.parametrize(
    ("base_url", "reply", "slug", "says"),
    [
        ("https://ark.cn-beijing.volces.com/api/v3", answer(404), "volcengine", "Volcengine Ark"),
        ("https://gateway.example", answer(401, ARK_REFUSAL), "native", "Ark"),
        ("https://gateway.example", answer(404, ARK_UNKNOWN), "native", "Ark"),
        ("https://gateway.example", answer(401, BAD_KEY), "", ""),
        ("https://gateway.example", answer(503, ARK_OUTAGE), "", ""),
    ],
    ids="address answer unknown same outage".split(),
)
def test_a_wrong_provider_is_recognized_and_the_right_one_named(
    credential: Credential, base_url: str, reply: Reply, slug: str, says: str
) -> None:
    credential.base_url = base_url
    credential.save()
    client = Client(base_url, KEY, transport=httpx.MockTransport(reply))
    results = examine(credential, now=timezone.now(), client=client)
    assert [each.suggests for each in results if each.suggests] == ([slug] if slug else [])
    kept = [CheckResult.from_json(each.as_json()) for each in results]
    diagnosis = diagnose(kept)
    assert not diagnosis.ok
    advice = looks_like(slug) if slug else ""
    assert says in advice
    assert (diagnosis.sentence == advice) == bool(slug)
    credential.refresh_from_db()
    assert credential.trouble and not credential.heard_at, "its badge says so, too"


# Step by step

NO_TASK = answer(400, gateway_error("task_not_exist", "task_not_exist"))
PAST = (
    CheckStep.ADDRESS,
    CheckStep.REACHABLE,
    CheckStep.TLS,
    CheckStep.ANSWERS,
    CheckStep.KEY,
    CheckStep.TRACKING,
)


@pytest.mark.parametrize(
    ("reply", "at", "state"),
    [
        (fails(httpx.ConnectError("refused")), CheckStep.REACHABLE, CheckState.FAILED),
        (
            fails(httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED]")),
            CheckStep.TLS,
            CheckState.FAILED,
        ),
        (answer(404, INVALID_URL), CheckStep.ANSWERS, CheckState.FAILED),
        (answer(503, text="upstream"), CheckStep.ANSWERS, CheckState.FAILED),
        (answer(401, BAD_KEY), CheckStep.KEY, CheckState.FAILED),
        (answer(429), CheckStep.KEY, CheckState.UNKNOWN),
        (answer(402), CheckStep.TRACKING, CheckState.FAILED),
        (answer(403, {"error": {"code": "AccessDenied"}}), CheckStep.TRACKING, CheckState.FAILED),
    ],
)
def test_what_comes_before_the_obstacle_is_fine_and_what_comes_after_is_not_known(
    credential: Credential, reply: Reply, at: CheckStep, state: CheckState
) -> None:
    found = states(diagnosed(credential, reply))
    expected = [CheckState.OK] * PAST.index(at) + [state]
    expected += [CheckState.UNKNOWN] * (len(PAST) - len(expected))
    assert [found[step] for step in PAST] == expected


def test_where_the_key_travels_in_the_open_it_is_said(credential: Credential) -> None:
    credential.base_url = "http://gateway.example"
    diagnosis = diagnosed(credential, NO_TASK)
    assert diagnosis.ok
    assert states(diagnosis)[CheckStep.TLS] == CheckState.WARNING


@pytest.mark.parametrize(
    ("ahead", "state", "says"),
    [
        (0, CheckState.OK, "agree"),
        (45, CheckState.OK, "agree"),
        (600, CheckState.WARNING, "ahead of"),
        (-600, CheckState.WARNING, "behind"),
        (None, CheckState.UNKNOWN, "report its time"),
    ],
)
def test_the_providers_clock_is_compared_with_ours(
    credential: Credential, ahead: float | None, state: CheckState, says: str
) -> None:
    there = {} if ahead is None else {"date": formatdate(time.time() + ahead, usegmt=True)}
    diagnosis = diagnosed(credential, answer(400, {"code": "task_not_exist"}, headers=there))
    line = diagnosis.steps[-1]
    assert (line.step, line.state) == (CheckStep.CLOCK, state)
    assert says in line.sentence
    assert diagnosis.ok


def ark(credential: Credential) -> Credential:
    credential.provider = "volcengine"
    credential.save()
    return credential


def listing(reply: httpx.Response) -> Reply:
    missing = {"error": {"code": "ResourceNotFound", "message": "no such task"}}

    def answer_to(request: httpx.Request) -> httpx.Response:
        is_list = request.url.path.endswith("/tasks")
        return reply if is_list else httpx.Response(404, json=missing)

    return answer_to


@pytest.mark.parametrize(
    ("reply", "state", "ok"),
    [
        (httpx.Response(200, json={"total": 0, "items": []}), CheckState.OK, True),
        (httpx.Response(429), CheckState.UNKNOWN, True),
        (httpx.Response(403, json={"error": {"code": "AccessDenied"}}), CheckState.FAILED, False),
    ],
)
def test_a_provider_that_lists_is_asked_for_a_list_of_one(
    credential: Credential, reply: httpx.Response, state: CheckState, ok: bool
) -> None:
    diagnosis = diagnosed(ark(credential), listing(reply))
    assert (states(diagnosis)[CheckStep.LIST], diagnosis.ok) == (state, ok)


def test_the_list_is_as_short_as_can_be(credential: Credential) -> None:
    seen: list[httpx.URL] = []

    def reply(request: httpx.Request) -> httpx.Response:
        seen.append(request.url)
        return listing(httpx.Response(200, json={"items": []}))(request)

    diagnosed(ark(credential), reply)
    assert [url.params.get("page_size") for url in seen] == [None, "1"]


def test_no_list_is_asked_for_where_the_key_is_refused(credential: Credential) -> None:
    seen: list[httpx.Request] = []

    def reply(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(401, json=BAD_KEY)

    diagnosis = diagnosed(ark(credential), reply)
    assert len(seen) == 1
    assert states(diagnosis)[CheckStep.LIST] == CheckState.UNKNOWN


def examined_at(credential: Credential, url: str) -> Diagnosis:
    credential.base_url = url
    credential.save()
    return diagnose(examine(credential, now=timezone.now()))


def test_a_host_that_nobody_knows_is_told_from_one_that_does_not_answer(
    credential: Credential,
) -> None:
    nobody = examined_at(credential, "https://no-such-host.invalid")
    assert states(nobody)[CheckStep.REACHABLE] == CheckState.FAILED
    assert "no host with this name" in nobody.sentence
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    closed = examined_at(credential, f"http://127.0.0.1:{port}")
    assert states(closed)[CheckStep.REACHABLE] == CheckState.FAILED
    assert "connect to the provider" in closed.sentence


def test_a_host_that_speaks_no_tls_fails_at_tls(credential: Credential) -> None:
    with Simulator() as simulator:
        url = simulator.url.replace("http://", "https://")
        found = states(examined_at(credential, url))
    assert (found[CheckStep.REACHABLE], found[CheckStep.TLS]) == (CheckState.OK, CheckState.FAILED)


def test_a_host_that_hangs_up_after_the_request_counts_as_reached(credential: Credential) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=lambda: listener.accept()[0].close(), daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        found = states(examined_at(credential, url))
    assert (found[CheckStep.REACHABLE], found[CheckStep.ANSWERS]) == (
        CheckState.OK,
        CheckState.FAILED,
    )


def test_an_address_inside_a_private_network_fails_at_the_first_step(
    credential: Credential,
) -> None:
    found = examined_at(credential, "https://10.0.0.7")
    assert states(found)[CheckStep.ADDRESS] == CheckState.FAILED
    assert "DAILIES_PRIVATE_HOSTS" in found.sentence


# The job that a page asks for


def test_what_a_job_found_stays_on_the_row_without_the_key(credential: Credential) -> None:
    with Simulator() as simulator:
        credential.provider, credential.base_url = "volcengine", simulator.base_url("volcengine")
        for key, ok in (("sim-of-the-job-0123", True), ("refused-0123456789", False)):
            credential.replace_key(key)
            credential.save()
            jobs.test_credential(credential.pk)
            credential.refresh_from_db()
            kept = [
                connection_check.CheckResult.from_json(each) for each in credential.test_findings
            ]
            assert credential.tested_at and diagnose(kept).ok == ok
            assert key not in str(credential.test_findings)


def test_results_for_a_replaced_key_are_not_stored(credential: Credential) -> None:
    before = Credential.objects.get()
    credential.replace_key("sk-another-0123456789")
    credential.save()
    before.keep_findings([], timezone.now())
    credential.refresh_from_db()
    assert credential.tested_at is None


def test_a_list_that_is_asked_for_by_post_is_tried_with_one_task(credential: Credential) -> None:
    credential.provider = "wavespeed"
    credential.save()
    bodies: list[bytes] = []

    def reply(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            bodies.append(request.content)
            return httpx.Response(200, json={"code": 200, "data": {"page": 1, "items": []}})
        return httpx.Response(404, json={"code": 404, "message": "prediction not found"})

    diagnosis = diagnosed(credential, reply)
    assert (states(diagnosis)[CheckStep.LIST], diagnosis.ok) == (CheckState.OK, True)
    assert [json.loads(body) for body in bodies] == [{"page": 1, "page_size": 1}]
