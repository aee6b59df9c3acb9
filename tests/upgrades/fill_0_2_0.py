# mypy: ignore-errors
"""Rows in every table, as release 0.2.0 wrote them; it runs with that code, see README.md.

Times are fixed, and every state of every thing is there. The tests know its secrets, and a
later release keeps them.
"""

import hashlib
import os
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.backends.db import SessionStore
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django_q.models import Schedule
from django_q.models import Task as QueueTask
from django_q.tasks import async_task

from tasks.models import (
    AuditEntry,
    Batch,
    Budget,
    Callback,
    Cancellation,
    Candidate,
    ChangeCounter,
    Charge,
    Copy,
    CreateLookup,
    Credential,
    Difference,
    HealthMinute,
    Invitation,
    Lease,
    Membership,
    ModelName,
    Price,
    Profile,
    Project,
    Reconciliation,
    SavedPrompt,
    SignInLink,
    Star,
    StatusChange,
    Submission,
    Task,
    UntrackedTask,
    Upload,
    search,
)
from tasks.providers.catalog.request import GenerationRequest, MediaRole, Medium, Mode
from tasks.providers.status import Status

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MODEL = "doubao-seedance-2-0-260128"


def store(name, content):
    """Save a file, and tell its name, size and SHA-256."""
    name = storages["videos"].save(name, ContentFile(content))
    return name, len(content), hashlib.sha256(content).hexdigest()


# People and projects

ann = User.objects.create_superuser("ann", "ann@example.com", "a password of the fixture")
ben = User.objects.create_user("ben", "ben@example.com", "a password of the fixture")
cui = User.objects.create_user("崔", "", "a password of the fixture")
group = Group.objects.create(name="editors")
group.permissions.add(Permission.objects.get(content_type__app_label="tasks", codename="view_task"))
ben.groups.add(group)
cui.user_permissions.add(
    Permission.objects.get(content_type__app_label="tasks", codename="view_project")
)
dailies = Project.objects.get()
film = Project.objects.create(name="纸船 Paper boat", created_at=NOW)
for project, person, role in (
    (dailies, ben, "manager"),
    (film, ben, "member"),
    (film, cui, "viewer"),
):
    Membership.objects.create(project=project, user=person, role=role)
Profile.objects.create(
    user=ben,
    language="zh-hans",
    time_zone="Asia/Shanghai",
    theme="dark",
    density="compact",
    shortcuts=False,
    notifies=True,
    sounds=True,
    seen_at=NOW,
)
Profile.objects.create(user=cui)
SignInLink.objects.create(token_hash="1" * 64, ends_at=NOW, used_at=NOW, user=ben)
SignInLink.objects.create(token_hash="2" * 64, ends_at=NOW, without_second_factor=True, user=cui)
Invitation.objects.create(
    project=film,
    role="member",
    token_hash="3" * 64,
    created_at=NOW,
    ends_at=NOW + HOUR,
    invited_by=ann,
    used_by=cui,
    used_at=NOW,
    email="cui@example.com",
)
Invitation.objects.create(
    project=film,
    role="manager",
    token_hash="4" * 64,
    created_at=NOW,
    ends_at=NOW + HOUR,
    invited_by=ben,
    withdrawn_at=NOW,
)

# Sign-in

address = EmailAddress.objects.create(user=ben, email=ben.email, verified=True, primary=True)
EmailConfirmation.objects.create(email_address=address, created=NOW, sent=NOW, key="5" * 64)
Authenticator.objects.create(
    user=ben, type="totp", data={"secret": get_adapter().encrypt("JBSWY3DPEHPK3PXP")}
)
session = SessionStore(session_key="6" * 32)
session.update({"_auth_user_id": str(ben.pk), "said": "as it was"})
session.set_expiry(datetime(2126, 1, 1, tzinfo=UTC))
session.save(must_create=True)
UserSession.objects.create(
    user=ben,
    session_key=session.session_key,
    ip="192.0.2.1",
    user_agent="Mozilla/5.0",
    data={},
    created_at=NOW,
    last_seen_at=NOW,
)
cache.set("failures-of-192.0.2.1", 3, timeout=None)

# Credentials

ark = Credential(name="Ark", provider="volcengine", base_url="https://ark.example", heard_at=NOW)
ark.replace_key("sk-of-the-fixture")
ark.test_findings = [{"step": "resolve", "state": "ok"}]
ark.save()
gateway = Credential(
    name="Gateway",
    provider="dataeyes",
    base_url="https://gateway.example",
    active=False,
    open_to_all=False,
    requests_per_second=0.5,
    check_seconds=30,
    trouble="rate_limited",
    trouble_message="It asks (HTTP 429): slow down",
    trouble_since=NOW,
    troubles_in_a_row=3,
    paused_until=NOW + HOUR,
    test_asked_at=NOW,
    tested_at=NOW,
)
gateway.replace_key("sk-of-the-gateway-0123456789")
gateway.save()
gateway.projects.add(film)
HealthMinute.objects.create(
    credential=ark, minute=NOW, answers=7, troubles={"timeout": 2}, latencies={"12": 7}
)
ModelName.objects.create(
    provider="volcengine", name="ep-20261120-abcde", known_as="seedance-2-0-260128"
)

# Money

Budget.objects.create(project=film, unit="CNY", limit=Decimal("1234.56"), most_takes=40)
Budget.objects.create(project=dailies, takes_per_hour=100)
price = Price.objects.create(
    credential=ark,
    model="seedance-2-0-260128",
    amount=Decimal("46.0001"),
    tier="1080p",
    with_video=False,
    with_audio=True,
    valid_from=date(2026, 11, 1),
    valid_until=date(2026, 12, 31),
    source="a contract",
)

# Tasks in every status, each with a submission, and what belongs to some of them

batch = Batch.objects.create(
    key=uuid.UUID(int=7), created_at=NOW, created_by=ben, credential=ark, project=film, takes=10
)
name, size, sha256 = store("uploads/still.png", b"\x89PNG of the fixture")
picture = Upload.objects.create(
    sha256=sha256,
    size=size,
    width=640,
    height=480,
    kind="png",
    name=name,
    created_at=NOW,
    touched_at=NOW,
    created_by=ben,
    project=film,
)
Upload.objects.create(
    sha256="",
    size=9,
    width=1,
    height=2,
    kind="webp",
    name="",
    created_at=NOW,
    touched_at=NOW,
    project=dailies,
)
STATES = {
    Status.SUBMITTING: ["waiting", "sending"],
    Status.UNCONFIRMED: ["unconfirmed"],
    Status.FAILED: ["refused", "not_created", "created"],
}
tasks = {}
for number, (status, state) in enumerate(
    [(s, state) for s in Status for state in STATES.get(s, ["created"])], start=1
):
    prompt = f"纸船 a paper boat, take {number}"
    task = Task.objects.create(
        project=film,
        credential=ark,
        created_by=ben,
        provider="volcengine",
        base_url=ark.base_url,
        remote_id=f"cgt-20261125120000-{number:05}",
        status=status,
        status_word=str(status),
        model=MODEL,
        prompt=prompt,
        search_text=search.searchable(prompt),
        created_at=NOW,
        remote_created_at=NOW,
        change=ChangeCounter.objects.next(),
        seed=number,
        resolution="1080p",
        ratio="16:9",
        duration=5,
        generate_audio=True,
        draft=False,
        raw=f'{{"id": {number}}}',
        check_after=None,
        trouble="timeout",
        total_tokens=None,
    )
    generation = GenerationRequest(
        model=MODEL,
        mode=Mode.FIRST_FRAME,
        prompt=prompt,
        resolution="1080p",
        duration=5,
        media=(Medium(part=MediaRole.FIRST_FRAME, url=f"upload:{picture.pk}"),),
    )
    submission = Submission.objects.create(
        take=number,
        request=generation.to_json(),
        state=state,
        batch=batch,
        task=task,
        sent_at=NOW,
        ended_at=NOW + HOUR,
        trouble="timeout",
        message="its last words",
        relation="retry" if tasks else "",
        parent=next(iter(tasks.values()), None),
        estimated_currency="CNY",
        estimated_least=1000,
        estimated_tokens=2000 + number,
        estimated_money=Decimal("0.092000"),
    )
    submission.uploads.add(picture)
    StatusChange.objects.create(
        task=task, was=Status.SUBMITTING, became=status, word="word", at=NOW
    )
    Charge.objects.create(
        task=task,
        project=film,
        credential=ark,
        person=ben.pk,
        day=NOW.date(),
        placed_at=NOW,
        state=["reserved", "billed", "free"][number % 3],
        tokens=2000 + number,
        price=price,
        model="seedance-2-0-260128",
        tier="1080p",
        with_video=False,
        with_audio=True,
        currency="CNY",
        micros=92_000 + number,
    )
    tasks[f"{status} {state}"] = task

made = tasks["succeeded created"]
made.total_tokens, made.completion_tokens = 108_900, 108_900
made.video_url, made.last_frame_url = "https://v.example/1.mp4", "https://v.example/1.png"
made.link_ends_at = NOW + HOUR
made.save()
Star.objects.create(user=cui, task=made, created_at=NOW)
thrown = tasks["expired created"]
Task.objects.filter(pk=thrown.pk).update(deleted_at=NOW, deleted_by=ben)

COPIES = [
    ("succeeded created", "video", "saved"),
    ("succeeded created", "last_frame", "saved"),
    ("expired created", "video", "saved"),
    ("failed created", "video", "waiting"),
    ("lost created", "video", "saving"),
    ("queued created", "video", "gone"),
    ("running created", "video", "deleted"),
]
for whose, kind, state in COPIES:
    copy = Copy(
        task=tasks[whose],
        kind=kind,
        state=state,
        url=f"https://v.example/{whose}/{kind}",
        created_at=NOW,
        link_ends_at=NOW + HOUR,
        due_at=NOW if state == "waiting" else None,
        tries=2,
        trouble="cut_off",
        trouble_message="It ended early.",
        etag='"abc"',
    )
    if state == "saved":
        tail = "mp4" if kind == "video" else "png"
        copy.name, copy.size, copy.sha256 = store(f"{copy.task_id}/{kind}.{tail}", os.urandom(900))
        copy.poster, copy.poster_size, _ = store(f"{copy.task_id}/{kind}.webp", b"a poster")
        copy.saved_at, copy.bytes_done, copy.bytes_total = NOW, copy.size, copy.size
        copy.duration, copy.width, copy.height, copy.video_codec = 5.04, 1920, 1080, "h264"
    copy.save()
Copy.objects.filter(task=thrown).update(deleted_at=NOW, deleted_by=ben)

OUTCOMES = ["waiting", "asking", "accepted", "too_late", "refused", "unknown"]
for outcome, task in zip(OUTCOMES, tasks.values(), strict=False):
    Cancellation.objects.create(
        task=task,
        asked_by=ben,
        asked_at=NOW,
        outcome=outcome,
        message="its last words",
        ended_at=None if outcome in ("waiting", "asking") else NOW,
    )

# What was looked for at the provider

lost = Submission.objects.get(state="unconfirmed")
lookup = CreateLookup.objects.create(
    submission=lost, due_at=NOW, attempts=2, outcome="compared", attempted_at=NOW, trouble="timeout"
)
Candidate.objects.create(
    lookup=lookup,
    base_url=ark.base_url,
    remote_id="cgt-20261125120000-stray",
    status="running",
    created_at=NOW,
    agreed=["model", "ratio"],
)
token = "7" * 43
Callback.objects.create(
    submission=lost, digest=hashlib.sha256(token.encode()).hexdigest(), made_at=NOW, called_at=NOW
)
for outcome in ("waiting", "compared", "empty", "failed", "cannot"):
    compared = Reconciliation.objects.create(
        credential=ark,
        base_url=ark.base_url,
        asked_by=ann,
        asked_at=NOW,
        outcome=outcome,
        ended_at=None if outcome == "waiting" else NOW,
        listed=13,
        missing_here=1,
        missing_there=2,
        differing=1,
        clock_ahead=-1.5,
    )
Difference.objects.create(reconciliation=compared, task=made, kind="differs", status_there="failed")
Difference.objects.create(reconciliation=compared, task=thrown, kind="missing")
UntrackedTask.objects.create(
    credential=ark,
    base_url=ark.base_url,
    remote_id="cgt-20261125120000-other",
    status="succeeded",
    model=MODEL,
    remote_created_at=NOW,
    found_at=NOW,
    seen_at=NOW,
    raw='{"id": "other"}',
)

# The rest

SavedPrompt.objects.create(
    name="Boat",
    text="A {{colour}} boat",
    created_at=NOW,
    changed_at=NOW,
    created_by=ben,
    project=film,
)
AuditEntry.objects.create(
    at=NOW,
    actor_id=ben.pk,
    actor="ben",
    verb="tracked",
    kind="task",
    object_id=made.pk,
    label="cgt-1",
    project_id=film.pk,
    address="192.0.2.1",
    changes={"number": [1, 30]},
)
AuditEntry.objects.create(at=NOW, actor="ann", verb="key_replaced", kind="credential", label="Ark")
LogEntry.objects.create(
    user=ann,
    content_type=ContentType.objects.get_for_model(Credential),
    object_id=str(ark.pk),
    object_repr="Ark",
    action_flag=CHANGE,
    change_message="[]",
    action_time=NOW,
)
Lease.objects.create(name="sweep", holder="somebody", until=NOW, beat_at=NOW)
async_task("tasks.jobs.sweep")
QueueTask.objects.create(
    id="8" * 32,
    name="a failure",
    func="tasks.jobs.reconcile",
    started=NOW,
    stopped=NOW,
    success=False,
    result="It failed.",
)
Schedule.objects.update(next_run=NOW)
