"""Readers of profiles and answers that the tests of personal settings share."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

from tasks.models import Profile


def last_visit(person: User) -> Any:
    return Profile.objects.get(user=person).seen_at


def reported(answer: Any) -> list[int]:
    return [task["pk"] for task in answer.json()["ended"]]
