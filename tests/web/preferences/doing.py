"""What the tests of personal settings do again and again."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

from tasks.models import Profile


def seen(person: User) -> Any:
    return Profile.objects.get(user=person).seen_at


def told(answer: Any) -> list[int]:
    return [task["pk"] for task in answer.json()["ended"]]
