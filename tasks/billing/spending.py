"""The sums of spending, compared with the charges they are kept of, and counted anew."""

from __future__ import annotations

from django.db import connection, transaction

from tasks.models import ChangeCounter

_DAY = {"sqlite": "c.day", "postgresql": "to_char(c.day, 'YYYY-MM-DD')"}
_KEY = (
    "min(c.project_id || '-' || {day} || '-' || c.person || '-'"
    " || coalesce(c.credential_id, 0) || '-' || c.currency)"
)
_SUMS = "takes, tokens, reserved_tokens, micros, reserved_micros"
_COLUMNS = f"project_id, day, person, credential, currency, {_SUMS}"
_COUNTED = """c.project_id, c.day, c.person, coalesce(c.credential_id, 0), c.currency, count(*),
    sum(CASE c.state WHEN 'billed' THEN c.tokens ELSE 0 END),
    sum(CASE c.state WHEN 'reserved' THEN c.tokens ELSE 0 END),
    sum(CASE c.state WHEN 'billed' THEN c.micros ELSE 0 END),
    sum(CASE c.state WHEN 'reserved' THEN c.micros ELSE 0 END)
    FROM tasks_charge c WHERE c.state <> 'free'
    GROUP BY c.project_id, c.day, c.person, coalesce(c.credential_id, 0), c.currency"""
#: A sum that went back to nothing is kept, and is no difference.
_KEPT = f"""{_COLUMNS} FROM tasks_spending WHERE takes <> 0 OR tokens <> 0
    OR reserved_tokens <> 0 OR micros <> 0 OR reserved_micros <> 0"""


def wrong_sums() -> int:
    """Count the sums that differ from their charges, and those that are missing.

    Two statements that read all charges: 3 s for a million on SQLite, 40 s beside much other work.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        numbers = []
        for one, other in ((_KEPT, _COUNTED), (_COUNTED, _KEPT)):
            cursor.execute(f"SELECT count(*) FROM (SELECT {one} EXCEPT SELECT {other}) differing")
            numbers.append(int(cursor.fetchone()[0]))
    return max(numbers)


@transaction.atomic
def rebuild() -> int:
    """Count all sums anew from the charges; return how many there are.

    A million charges on SQLite took 2 s.
    """
    ChangeCounter.objects.next()  # every writer of charges holds its lock
    key = _KEY.format(day=_DAY[connection.vendor])
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM tasks_spending")
        cursor.execute(f"INSERT INTO tasks_spending (key, {_COLUMNS}) SELECT {key}, {_COUNTED}")
        return int(cursor.rowcount)
