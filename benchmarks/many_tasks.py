"""A million tasks in minutes by INSERT … SELECT, with shares like those of a busy team.

Everything of a task follows from its number n. What is rare (a status, a person, a project, a
credential, a word) is found among the first 850 only, 50 times each: so its pages are full
with a thousand tasks as well as with a million, and then the rare ones are the oldest.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from benchmarks import accounts
from tasks.models import Credential, Project, Task, search
from tasks.providers.status import Status

RARE_WORD, COMMON_WORD, CHINESE = "albatross", "cinematic", "海浪"
SUBJECTS = "a paper boat|a lighthouse|two cats|a night market|a red tram|a glass city".split("|")
MOVES = "slow push-in|handheld|drone shot|locked camera|orbit|whip pan|crane up".split("|")
MODEL = "doubao-seedance-2-0-260128"
LIVE = 150  # the newest ones
APART = 30  # seconds from one to the next; a million are eleven months
#: Rows in one transaction: each writes its project's last change, and PostgreSQL looks through all
#: earlier versions of that row that are of the same transaction.
AT_ONCE = 2_000

Share = tuple[int, object]  # per mille, and what they get


@dataclass(frozen=True)
class Owners:
    """Projects, people and credentials that own the tasks; the last of each is the rare one."""

    projects: list[Project]
    people: list[User]
    credentials: list[Credential]

    @classmethod
    def make(cls) -> Owners:
        slugs = "volcengine byteplus dataeyes tokenhot powertokens newapi yescale".split()
        return cls(
            projects=[Project.objects.create(name=f"Project {n}") for n in range(12)],
            people=[accounts.person(f"person{n}") for n in range(25)],
            credentials=[
                accounts.credential(f"{slug} account", slug, f"https://{slug}.example")
                for slug in slugs
            ],
        )


def fill(owners: Owners, first: int, last: int) -> None:
    """Insert tasks number `first` to `last`, then update the statistics of the query planner."""
    with connection.cursor() as cursor:
        _make_prompts(cursor)
        restore = _without_word_index(cursor)
        for start in range(first, last + 1, AT_ONCE):
            with transaction.atomic():
                cursor.execute(*_insert(owners, start, min(start + AT_ONCE - 1, last), last))
        for statement in restore:
            cursor.execute(statement)
        cursor.execute("DROP TABLE made_prompts")
        cursor.execute("ANALYZE")


def _make_prompts(cursor: Any) -> None:
    """Fill a table with a few hundred prompts and their words for the search index."""
    rows = []
    for number in range(420):
        words = [SUBJECTS[number % 6], MOVES[number % 7], f"take {number}"]
        words += [COMMON_WORD] * (number % 5 < 3) + [f"{CHINESE}拍打礁石"] * (number % 11 == 0)
        prompt = ", ".join(words) + ", dusk light, 35 mm, grain" * (number % 4)
        rows.append([number, prompt, search.searchable(prompt).strip()])
    cursor.execute(
        "CREATE TEMPORARY TABLE made_prompts (i integer PRIMARY KEY, prompt text, words text)"
    )
    cursor.executemany("INSERT INTO made_prompts VALUES (%s, %s, %s)", rows)


def _insert(owners: Owners, first: int, last: int, newest: int) -> tuple[str, list[Any]]:
    """The statement and its parameters; columns without an expression get the model's default."""
    told = _expressions(owners, newest)
    parameters: list[Any] = []
    columns, values = [], []
    for field in Task._meta.concrete_fields:
        if field.primary_key:
            continue
        columns.append(f'"{field.column}"')
        if field.column in told:
            values.append(told[field.column])
        else:
            values.append("%s")
            parameters.append(field.get_db_prep_save(field.get_default(), connection))
    sql = (
        f"INSERT INTO tasks_task ({', '.join(columns)}) SELECT {', '.join(values)} "
        f"FROM {_numbers(first, last)} JOIN made_prompts ON i = n %% 420 ORDER BY n"
    )
    return sql, parameters


def _numbers(first: int, last: int) -> str:
    if connection.vendor == "postgresql":
        return f"generate_series({first}::bigint, {last}) AS numbers(n)"
    return (
        f"(WITH RECURSIVE numbers(n) AS (SELECT {first} UNION ALL "
        f"SELECT n + 1 FROM numbers WHERE n < {last}) SELECT n FROM numbers) AS numbers"
    )


def _expressions(owners: Owners, last: int) -> dict[str, str]:
    """SQL expressions of the task's number n, by column."""
    credentials = [credential.pk for credential in owners.credentials]
    live, digits = f"n > {last - LIVE}", "substr(cast(n + 10000000 AS text), 2)"
    remote_id = f"'cgt-20261101120000-' || {digits}"
    rare_word = f"CASE WHEN {_is_rare(4)} THEN ' {RARE_WORD}' ELSE '' END"
    ended = _pick(11, [(900, "succeeded"), (70, "failed"), (20, "cancelled"), (10, "expired")])
    credential = _rare(3, credentials[-1], _pick(5, _shares(credentials[:-1])))
    slug_of = " ".join(f"WHEN {c.pk} THEN '{c.provider}'" for c in owners.credentials)
    place_of = " ".join(f"WHEN {c.pk} THEN '{c.base_url}'" for c in owners.credentials)
    raw = json.dumps({"model": MODEL, "status": "succeeded", "content": {"pad": "x" * 300}})
    status = _rare(0, f"'{Status.LOST}'", ended)
    now = timezone.now().astimezone(UTC).replace(tzinfo=None).isoformat(" ")
    return {
        "project_id": _rare(2, owners.projects[-1].pk, _of(7, [p.pk for p in owners.projects])),
        "created_by_id": _rare(1, owners.people[-1].pk, _of(3, [p.pk for p in owners.people])),
        "credential_id": credential,
        "provider": f"CASE {credential} {slug_of} END",
        "base_url": f"CASE {credential} {place_of} END",
        "remote_id": remote_id,
        "status": f"CASE WHEN {live} THEN 'running' ELSE {status} END",
        "check_after": _time(f"CASE WHEN {live} THEN '{now}' END"),
        "created_at": _ago(f"({last} - n) * {APART}", now),
        "prompt": f"prompt || {rare_word}",
        "search_text": f"' ' || words || {rare_word} || ' cgt 20261101120000 ' || {digits} || ' '",
        "model": f"'{MODEL}'",
        "resolution": "'1080p'",
        "ratio": "'16:9'",
        "duration": "5",
        "video_url": f"'https://ark-content.volces.com/' || {remote_id} || '.mp4?X-Tos-Expires=1'",
        "change": "n",
        "raw": f"'{raw}'",
    }


def _time(expression: str) -> str:
    return f"({expression})::timestamptz" if connection.vendor == "postgresql" else expression


def _ago(seconds: str, now: str) -> str:
    if connection.vendor == "postgresql":
        return f"'{now}+00'::timestamptz - ({seconds}) * interval '1 second'"
    return f"strftime('%%Y-%%m-%%d %%H:%%M:%%f', '{now}', '-' || ({seconds}) || ' seconds')"


def _is_rare(which: int) -> str:
    return f"(n <= 850 AND n %% 17 = {which})"


def _rare(which: int, value: object, otherwise: str) -> str:
    return f"CASE WHEN {_is_rare(which)} THEN {value} ELSE {otherwise} END"


def _of(salt: int, ids: Sequence[int]) -> str:
    """An expression for one of the ids except the last, the first ones most often."""
    return _pick(salt, _shares(ids[:-1]))


def _shares(ids: Iterable[int]) -> list[Share]:
    """Shares that fall from one to the next: each gets two fifths of what is left."""
    left = 1000
    shares: list[Share] = []
    for pk in ids:
        part = max(1, left * 2 // 5)
        shares.append((part, pk))
        left -= part
    return shares


def _pick(salt: int, shares: Sequence[Share]) -> str:
    """A CASE over a number from 0 to 999 that looks thrown by dice, but follows from n."""
    dice = f"((n * {7919 + 2 * salt} + {salt * 104729}) %% 1000003 %% 1000)"
    whens, passed = [], 0
    for share, value in shares[:-1]:
        passed += share
        whens.append(f"WHEN {dice} < {passed} THEN {_literal(value)}")
    return f"CASE {' '.join(whens)} ELSE {_literal(shares[-1][1])} END"


def _literal(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) else str(value)


def _without_word_index(cursor: Any) -> list[str]:
    """Drop the index of words; return the statements that build it again in one go."""
    run = cursor.execute
    if connection.vendor == "postgresql":
        run("SELECT indexdef FROM pg_indexes WHERE indexname = 'tasks_search'")
        back = [cursor.fetchone()[0]]
        run("DROP INDEX tasks_search")
        return ["SET maintenance_work_mem = '512MB'", *back]
    run("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'tasks_task'")
    triggers = cursor.fetchall()
    for name, _sql in triggers:
        run(f'DROP TRIGGER "{name}"')
    rebuild = "INSERT INTO tasks_search(tasks_search) VALUES ('rebuild')"
    return [rebuild, *(sql for _name, sql in triggers)]
