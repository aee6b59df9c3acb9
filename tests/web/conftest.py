"""Clients of signed-in people, and files in the storage."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    user_logged_in,
)
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone
from django.utils.crypto import get_random_string

from tasks.models import Copy, CopyKind, CopyState, Project, Task
from tasks.team.signin.auth import SessionStore

ClientOf = Callable[[User], Client]
SaveCopy = Callable[..., Copy]
SUFFIXES = {CopyKind.VIDEO: ".mp4", CopyKind.LAST_FRAME: ".png"}


@pytest.fixture
def client_of(project: Project) -> ClientOf:
    """client_of(member).get("/"): a client in which this person is signed in."""

    def client_of(user: User) -> Client:
        client = Client()
        client.cookies[settings.SESSION_COOKIE_NAME] = session_of(user)
        return client

    return client_of


def session_of(user: User) -> str:
    """The key of a new session of this person, made with less work than by `force_login`.

    Django's own asks for a free key twice and writes the session three times.
    """
    session = SessionStore(get_random_string(32))
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save(must_create=True)
    user_logged_in.send(User, request=HttpRequest(), user=user)
    return str(session.session_key)


@pytest.fixture
def fresh_counts(db: None) -> None:
    """Reset the counts of sign-in attempts, which survive a test that commits."""
    if settings.REDIS_URL:
        _forget_own_counts()
    else:
        cache.clear()


def _forget_own_counts() -> None:
    """Delete only this worker's keys, as clearing Redis would reset other workers' counts."""
    redis = cache._cache.get_client(write=True)  # type: ignore[attr-defined]
    for key in redis.scan_iter(f"{cache.key_prefix}:*"):
        redis.delete(key)


@pytest.fixture
def save_copy(db: None, settings: Any, tmp_path: Any) -> SaveCopy:
    """save_copy(task, b"…", poster=b"…", sprite=b"…"): a file as the archive saves it.

    A poster without a `poster_hash` is one of an earlier release.
    """
    options = {"location": tmp_path / "videos", "base_url": None}
    settings.STORAGES = settings.STORAGES | {
        "videos": {**settings.STORAGES["videos"], "OPTIONS": options}
    }

    def save_copy(
        task: Task,
        data: bytes,
        kind: CopyKind = CopyKind.VIDEO,
        poster: bytes = b"",
        sprite: bytes = b"",
        **fields: Any,
    ) -> Copy:
        known = {
            "name": _put(f"{task.pk}/{kind}{SUFFIXES[kind]}", data),
            "poster": _put(f"{task.pk}/poster.webp", poster) if poster else "",
            **(_sprite(f"{task.pk}/sprite.webp", sprite) if sprite else {}),
            "state": CopyState.SAVED,
            "size": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
            "created_at": timezone.now(),
            "saved_at": timezone.now(),
        }
        return Copy.objects.create(task=task, kind=kind, **known | fields)

    return save_copy


def _sprite(name: str, data: bytes) -> dict[str, Any]:
    digest = hashlib.blake2b(data, digest_size=8).hexdigest()
    known = {"sprite_frames": 20, "sprite_columns": 5, "sprite_size": len(data)}
    return {"sprite": _put(name, data), "sprite_hash": digest, **known}


def _put(name: str, data: bytes) -> str:
    return storages["videos"].save(name, ContentFile(data))
