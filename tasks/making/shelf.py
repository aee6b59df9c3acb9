"""Prompts that can be chosen: what the project saved, and what the person wrote last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tasks.models import Project, SavedPrompt, Task


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """`key` is what the form sends for it."""

    key: str
    name: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Shelf:
    saved: list[Offer]
    recent: list[Offer]


def shelf_of(person: Any, project: Project) -> Shelf:
    """What is saved already is not recent besides."""
    saved = list(SavedPrompt.objects.filter(project=project))
    known = {each.text for each in saved}
    recent = Task.objects.recent_prompts(person, project)
    return Shelf(
        saved=[Offer(key=f"saved:{each.pk}", name=each.name, text=each.text) for each in saved],
        recent=[
            Offer(key=f"recent:{pk}", name=text, text=text)
            for pk, text in recent
            if text not in known
        ],
    )


def chosen_text(key: str, person: Any, project: Project) -> str | None:
    """What an offer's key stands for, among what this person is offered in this project."""
    kind, _colon, number = key.partition(":")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    if kind == "saved":
        saved = SavedPrompt.objects.filter(project=project, pk=number)
        return saved.values_list("text", flat=True).first()
    recent = Task.objects.recent_prompts(person, project) if kind == "recent" else []
    return next((text for pk, text in recent if str(pk) == number), None)
