"""Looking at every address, the Django admin's too: who may, and that it changes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.apps import apps
from django.contrib.auth.models import User
from django.db.models import Model

from tasks.models import Profile
from tests.web.everyone import admin_pages, browsers, people, world
from tests.web.test_access import EXPECTED

__all__ = ["people", "world"]


def test_the_admin_is_for_staff_alone(people: list[User], world: dict[str, int]) -> None:
    pages = admin_pages()
    assert len(pages) > 40
    *others, (_, office) = browsers(people)
    with unchanged():
        for url in pages:
            for who, client in others:
                away = client.get(url)
                assert away.status_code == 302, (who, url)
                assert away.headers["Location"].startswith(("/sign-in/", "/admin/")), (who, url)
            assert office.get(url).status_code < 500, url


def test_looking_changes_nothing(people: list[User], world: dict[str, int]) -> None:
    """By a GET of any address, by anyone; of those of the Django admin the test above says it."""
    urls = sorted({address.format(**world) for address, _ in EXPECTED.values()})
    clients = list(browsers(people))
    with unchanged():
        for _, client in clients:
            for url in urls:
                client.get(url)


@contextmanager
def unchanged() -> Iterator[None]:
    """All rows stay as they were.

    Except when a person was last seen: that one has looked is what it tells (tasks/preferences.py).
    """
    before = fingerprint()
    yield
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
