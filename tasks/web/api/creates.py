"""Creates with a token, whatever the shape of their bodies: placed once, then sent by a job."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django.core.files import File
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from tasks import queue
from tasks.billing import gate
from tasks.clients.ark_answers import readable_by
from tasks.clients.ids import find_named, plain
from tasks.models import (
    ApiCallback,
    ApiCreate,
    ApiToken,
    Batch,
    Origin,
    Relation,
    Submission,
    Task,
)
from tasks.providers.catalog.material_limits import Material
from tasks.providers.catalog.request import GenerationRequest, MediaRole, Medium, Mode
from tasks.providers.catalog.rules import violations
from tasks.providers.dialects.ark_errors import RefusalError, invalid
from tasks.providers.dialects.ark_requests import (
    model_in,
    read_request,
    refusal_of,
    without_idle,
)
from tasks.submission.place import place_batch
from tasks.team.limits import Limit, spend
from tasks.web.api.answered import after_answer
from tasks.web.api.bodies import Body, InlineFile
from tasks.web.api.destinations import CREDENTIAL, PROJECT, Destination, find_destination
from tasks.web.api.endpoint import origin_of, token_of
from tasks.web.compose.drafts import inherited_settings
from tasks.web.compose.recognition import FileRefusedError
from tasks.web.compose.uploads import keep, material_of

#: Names the keys of batches that were made of a client's own keys.
NAMESPACE = uuid5(NAMESPACE_URL, "dailies:api")
LONGEST_KEY = 255  # letters of an idempotency key


class KeyReusedError(Exception):
    """An idempotency key came before with another body."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """The way in which a create came: its key, whether it is a repeat, whom to call.

    `digest` is the same for equal creates, wherever each would go.
    """

    digest: str
    key: str = ""
    is_repeat: bool = False
    callback_url: str = ""
    origin: str = ""  # the address by which we were asked

    def batch_key(self, token: ApiToken) -> UUID | None:
        """The key of its batch: the same for the same key of this token, None without one."""
        return uuid5(NAMESPACE, f"{token.pk} {self.key}") if self.key else None


def create(request: HttpRequest, body: Body) -> Submission:
    """Place what a body in Ark's shape asks for, once. Raises RefusalError and others.

    The files within the body must still be open.
    """
    now, token, person = timezone.now(), token_of(request), request.user
    given, asked = model_in(body.data)
    destination = find_destination(person, asked, request.headers)
    generation = read_request(
        given,
        destination.model,
        name=destination.name,
        known_as=destination.known_as,
    )
    generation, origin = with_draft(generation, destination, person)
    generation = check(generation, destination, now)
    generation = with_uploads(generation, body, destination, person, now)
    attempt = _attempt(request, body, given.get("callback_url", ""))
    try:
        made = place(generation, destination, token, attempt, now, origin)
    except KeyReusedError:
        text = "This Idempotency-Key came before with another request. Use a new key."
        raise RefusalError(400, "InvalidParameter", text, param="Idempotency-Key") from None
    after_answer(request, partial(_note_answered, made.batch_id))
    return made


def _note_answered(batch: int) -> None:
    ApiCreate.objects.filter(batch=batch, answered_at=None).update(answered_at=timezone.now())


def _attempt(request: HttpRequest, body: Body, callback_url: str) -> Attempt:
    """The way in which a create came; the count is what OpenAI's clients send with each repeat."""
    key = request.headers.get("Idempotency-Key", "")
    if len(key) > LONGEST_KEY:
        raise invalid("Idempotency-Key", f"at most {LONGEST_KEY} letters are supported")
    repeats = request.headers.get("X-Stainless-Retry-Count", "0")
    where = (request.headers.get(name, "") for name in (PROJECT, CREDENTIAL))
    return Attempt(
        digest=body.digest(*where),
        key=key,
        is_repeat=repeats.isdecimal() and repeats.strip("0") != "",
        callback_url=callback_url,
        origin=origin_of(request),
    )


def check(request: GenerationRequest, destination: Destination, now: datetime) -> GenerationRequest:
    """Return the request as the provider can take it; raise RefusalError where none can."""
    if destination.has_ended(now.date()):
        raise RefusalError(404, "InvalidEndpointOrModel.ModelIDAccessDisabled")
    dialect = destination.credential.service.dialect
    request = without_idle(request, dialect.forwarded_fields)
    for violation in violations(request, destination.model, dialect):
        raise refusal_of(violation)
    return request


def with_uploads(
    request: GenerationRequest, body: Body, destination: Destination, person: Any, now: datetime
) -> GenerationRequest:
    """Store the files that came within the body, and let the request name them.

    Raises RefusalError, and LimitReachedError.
    """
    inline = [(medium, body.file_in(medium.url)) for medium in request.media]
    number = sum(file is not None for _medium, file in inline)
    if number:
        spend(person, Limit.UPLOAD, number)
    return replace(request, media=tuple(_stored(inline, destination, person, now)))


def _stored(
    inline: Iterable[tuple[Medium, InlineFile | None]],
    destination: Destination,
    person: Any,
    now: datetime,
) -> Iterable[Medium]:
    for medium, file in inline:
        if file is None and medium.url.startswith("data:"):
            raise invalid("content", "data:TYPE;base64,CONTENT is expected")
        if file is None:
            yield medium
            continue
        material = material_of(MediaRole(medium.part))
        given = File(file.file, name="file")
        given.size = file.size
        try:
            models = [destination.model]
            row = keep(given, destination.project, person, now, material=material, models=models)
        except FileRefusedError as error:
            is_picture = material == Material.PICTURE
            code = "InvalidImageURL.InvalidFormat" if is_picture else "InvalidParameter"
            raise RefusalError(400, code, str(error), param="content") from None
        yield replace(medium, url=row.line, seconds=row.duration)


def with_draft(
    request: GenerationRequest, destination: Destination, person: Any
) -> tuple[GenerationRequest, Origin | None]:
    """Name a draft by the provider's id, where it is a task here; it is what the final is of."""
    if request.mode != Mode.FINAL:
        return request, None
    asked = request.draft_task_id
    draft = find_named(readable_by(person).filter(project=destination.project), asked)
    if draft is None:
        return request, None
    if not draft.is_named or draft.base_url != destination.credential.base_url:
        raise invalid("content", f"the draft {asked} is not finished at this provider")
    inherited = inherited_settings(destination.project, destination.credential, draft.remote_id)
    final = replace(request, draft_task_id=draft.remote_id, inherited=inherited)
    return final, Origin(draft.pk, Relation.FINAL)


def place(
    request: GenerationRequest,
    destination: Destination,
    token: ApiToken,
    attempt: Attempt,
    now: datetime,
    origin: Origin | None = None,
) -> Submission:
    """Place a create, or find the one that it repeats; return its submission.

    A repeat without a key is an equal create of this token whose answer is not known to have gone
    out. Raises KeyReusedError, UploadGoneError, PlacementRefusedError.
    """
    with transaction.atomic():
        batch = None
        if attempt.is_repeat and not attempt.key:
            # Repeats at once take turns, so that the second finds what the first has placed.
            gate.lock(destination.project, destination.credential, token.person, token)
            before = ApiCreate.objects.unanswered(token.pk, attempt.digest, now)
            batch = before.batch if before else None
        if batch is None:
            batch = place_batch(
                [request],
                key=attempt.batch_key(token),
                project=destination.project,
                credential=destination.credential,
                created_by=token.person,
                now=now,
                origin=origin,
                token=token,
            )
            _note(batch, attempt)
        transaction.on_commit(queue.send)
        if batch.placed:
            return batch.placed[0]
        return batch.submissions.select_related("batch", "task").get()


def _note(batch: Batch, attempt: Attempt) -> None:
    """Write what a batch was asked for with, or compare it with what was written before."""
    if batch.is_repeat:
        if not ApiCreate.objects.filter(batch=batch, digest=attempt.digest).exists():
            raise KeyReusedError
        return
    ApiCreate.objects.create(batch=batch, digest=attempt.digest)
    if attempt.callback_url:
        ApiCallback.objects.create(
            submission=batch.placed[0], url=attempt.callback_url, origin=attempt.origin
        )


def task_of(person: Any, made: Submission) -> Task:
    """The task of a submission, with all that answers are made of."""
    return readable_by(person).get(pk=made.task_id)


def find(person: Any, asked: str) -> Task | None:
    """The task that a program may read under this id, of whatever shape."""
    task: Task | None = find_named(readable_by(person), plain(asked))
    return task
