"""Tokens of the API and services: made, found, revoked; each change is in the audit."""

from __future__ import annotations

import logging
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, OperationalError, transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from tasks.models import ApiToken, AuditAction, Membership, Project, Service, TokenScope
from tasks.models.api_token import PREFIX_LENGTH, digest_of, new_text
from tasks.models.budget import TOKENS
from tasks.providers.redact import API_TOKEN_PREFIX
from tasks.team.address import valid_address
from tasks.team.audit import note
from tasks.team.limits import impatient

log = logging.getLogger(__name__)


class NameTakenError(ValueError):
    """An account has the name already that was given to a service."""

    def __str__(self) -> str:
        return _("This name is taken. Choose another one.")


@transaction.atomic
def make_token(
    request: HttpRequest,
    person: User,
    *,
    name: str,
    scope: TokenScope,
    now: datetime,
    project: Project | None = None,
    unit: str = TOKENS,
    day_limit: Decimal | None = None,
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """Make a token that asks as this person; return it with its text, which nobody can read again.

    The caller has asked `access` whether whoever requests it may.
    """
    text = new_text()
    maker: Any = getattr(request, "user", None)
    token = ApiToken.objects.create(
        name=name,
        prefix=text[:PREFIX_LENGTH],
        digest=digest_of(text),
        person=person,
        project=project,
        scope=scope,
        unit=unit,
        day_limit=day_limit,
        expires_at=expires_at,
        created_at=now,
        created_by=maker if maker and maker.pk else None,
    )
    note(
        request,
        AuditAction.TOKEN_MADE,
        token,
        project=project,
        label=name,
        person=str(person),
        scope=scope.value,
    )
    return token, text


@transaction.atomic
def revoke(request: HttpRequest, token: ApiToken, now: datetime) -> bool:
    """Revoke a token: the next request with it is refused. Whether it was not revoked before."""
    is_new = ApiToken.objects.filter(pk=token.pk).revoke(now)
    if is_new:
        person, project = str(token.person), token.project_id
        note(
            request,
            AuditAction.TOKEN_REVOKED,
            token,
            project=project,
            label=token.name,
            person=person,
        )
    return is_new


def find(text: str, now: datetime) -> ApiToken | None:
    """The token with this text that still works: its person is active, and asks with it.

    `known` tells why another one does not.
    """
    token = known(text)
    works = token is not None and token.is_alive(now) and token.person.is_active
    return token if works else None


def known(text: str) -> ApiToken | None:
    """The token with this text, also one that ended, by an index on the hash."""
    if not text.startswith(API_TOKEN_PREFIX):
        return None
    token = ApiToken.objects.with_person(digest_of(text))
    if token is not None:
        token.asker()
    return token


def note_use(request: HttpRequest, token: ApiToken, now: datetime) -> None:
    """Save when and from where it was used, at most once a minute, unless the database is busy."""
    if token.was_used_lately(now):
        return
    try:
        with impatient():
            ApiToken.objects.note_use(token, now, valid_address(request))
    except OperationalError as error:
        log.info("Not noted when the token %s was last used: %s", token.pk, error)


# Services


@transaction.atomic
def make_service(
    request: HttpRequest, project: Project, *, name: str, role: str, now: datetime
) -> Service:
    """Make a service of a project: an account without a password, and its membership.

    Raises NameTakenError.
    """
    if User.objects.filter(username__iexact=name).exists():
        raise NameTakenError
    user = User(username=name)
    user.set_unusable_password()
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:  # another one was made at the same moment
        raise NameTakenError from error
    service = Service.objects.create(
        user=user, project=project, made_by=request.user.pk, created_at=now
    )
    Membership.objects.create(project=project, user=user, role=role)
    note(request, AuditAction.SERVICE_MADE, user, project=project, role=role)
    return service
