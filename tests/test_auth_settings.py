"""Settings of e-mail and single sign-on from the environment."""

from typing import Any

import pytest

from seedance_site import environment
from tasks import checks
from tasks.management.doctor import installation_checks


@pytest.mark.parametrize(
    ("url", "host", "port", "user", "password", "is_tls", "starts_tls"),
    [
        ("smtp://a:b@mail.example.com:587", "mail.example.com", 587, "a", "b", False, True),
        ("smtp://a:b@mail.example.com", "mail.example.com", 587, "a", "b", False, True),
        ("smtps://a:b@mail.example.com", "mail.example.com", 465, "a", "b", True, False),
        ("smtp://localhost", "localhost", 25, "", "", False, False),
        ("smtp://me%40example.com:p%2Fq%23@h:25", "h", 25, "me@example.com", "p/q#", False, True),
    ],
)
def test_a_mail_server_is_one_address(
    monkeypatch: pytest.MonkeyPatch,
    url: str,
    host: str,
    port: int,
    user: str,
    password: str,
    is_tls: bool,
    starts_tls: bool,
) -> None:
    monkeypatch.setenv("DAILIES_EMAIL", url)
    server = environment.mail_server("DAILIES_EMAIL")
    assert server == environment.MailServer(
        host=host, port=port, user=user, password=password, is_tls=is_tls, starts_tls=starts_tls
    )
    assert not password or password not in repr(server)


@pytest.mark.parametrize("url", ["mail.example.com", "http://mail", "smtp://", "smtp://a:b@h:x"])
def test_an_invalid_mail_server_is_refused_without_its_password(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("DAILIES_EMAIL", url)
    with pytest.raises(
        environment.ConfigurationError, match="DAILIES_EMAIL is not the address"
    ) as refused:
        environment.mail_server("DAILIES_EMAIL")
    assert "a:b" not in str(refused.value)


def test_without_a_mail_server_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAILIES_EMAIL", raising=False)
    assert environment.mail_server("DAILIES_EMAIL") is None


def test_the_doctor_shows_these_settings_without_passwords(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("BROWSER", "JUDGES"):  # of the tests
        monkeypatch.delenv(f"DAILIES_{name}", raising=False)
    monkeypatch.setenv("DAILIES_EMAIL", "smtp://me:open-sesame@mail.example.com")
    monkeypatch.setenv("DAILIES_EMAIL_FROM", "dailies@example.com")
    for name in ("OIDC_URL", "OIDC_ID", "OIDC_NAME", "FEISHU_ID", "DINGTALK_ID"):
        monkeypatch.setenv(f"DAILIES_{name}", "something")
    for name in ("OIDC_SECRET", "FEISHU_SECRET", "DINGTALK_SECRET"):
        monkeypatch.setenv(f"DAILIES_{name}", "open-sesame")
    results = installation_checks.environment()
    text = " ".join(f"{result.text} {result.advice}" for result in results)
    assert "is no setting" not in text
    assert "DAILIES_EMAIL (set)" in text and "dailies@example.com" in text
    assert "open-sesame" not in text


COMPLETE = {
    "SSO_WANTED": ["OIDC"],
    "SSO_SECRETS": {"OIDC": True},
    "SSO_INSTALLED": True,
    "OIDC_URL": "https://id.example.com",
}


@pytest.mark.parametrize(
    ("changed", "ids"),
    [
        ({}, []),
        ({"SSO_INSTALLED": False}, ["tasks.E008"]),
        ({"OIDC_URL": ""}, ["tasks.E009"]),
        ({"SSO_SECRETS": {"OIDC": False}}, ["tasks.E010"]),
        ({"SSO_WANTED": []}, []),
    ],
)
def test_unusable_single_sign_on_is_reported(
    settings: Any, changed: dict[str, Any], ids: list[str]
) -> None:
    for name, value in (COMPLETE | changed).items():
        setattr(settings, name, value)
    assert [each.id for each in checks.single_sign_on_can_be_used()] == ids


@pytest.mark.parametrize(
    ("is_set", "url", "ids"),
    [
        (True, "", ["tasks.W003"]),
        (True, "https://dailies.example.com", []),
        (False, "", []),
    ],
)
def test_letters_need_the_name_of_the_site(
    settings: Any, is_set: bool, url: str, ids: list[str]
) -> None:
    settings.EMAIL_SET, settings.PUBLIC_URL = is_set, url
    assert [each.id for each in checks.e_mail_can_name_the_site()] == ids
