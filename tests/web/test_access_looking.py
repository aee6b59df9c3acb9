"""GET of every address of the Django admin: the rights, and that it changes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db.models import Model

from tasks.models import Profile
from tests.web.everyone import admin_pages, browsers, people, world

__all__ = ["people", "world"]


@pytest.mark.exhaustive
def test_the_admin_is_for_staff_alone(people: list[User], world: dict[str, int]) -> None:
    pages = admin_pages()
    assert len(pages) > 40
    others = dict(browsers(people))
    office, desk = others.pop("staff"), others.pop("clerk")
    with unchanged():
        for url in pages:
            for who, client in others.items():
                away = client.get(url)
                assert away.status_code == 302, (who, url)
                assert away.headers["Location"].startswith(("/sign-in/", "/admin/")), (who, url)
            assert office.get(url).status_code < 500, url
            if url not in FOR_ALL_STAFF:
                assert desk.get(url).status_code in (302, 403, 404), url


#: Pages of the admin without any row of ours; the others are refused to staff without rights.
FOR_ALL_STAFF = {"/admin/", "/admin/jsi18n/", "/admin/password_change/"}
FOR_ALL_STAFF |= {"/admin/password_change/done/", "/admin/logout/"}


@contextmanager
def unchanged() -> Iterator[None]:
    """Assert that all rows stay as they were.

    The time at which a person was last seen may change: it is written on purpose
    (tasks/team/preferences.py).
    """
    before = fingerprint()
    yield
    assert fingerprint() == before


def fingerprint() -> dict[str, str]:
    """A digest of every row of every table, except the times at which people were last seen."""
    return {
        model._meta.label: hashlib.sha256(
            repr(list(model._default_manager.order_by("pk").values_list(*columns(model)))).encode()
        ).hexdigest()
        for model in apps.get_models()
    }


def columns(model: type[Model]) -> list[str]:
    names = [field.attname for field in model._meta.concrete_fields]
    return [name for name in names if (model, name) != (Profile, "seen_at")]
