"""Prompts that can be chosen: the project's saved prompts, and the person's recent ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tasks.models import Project, SavedPrompt, Task


@dataclass(frozen=True, kw_only=True, slots=True)
class LibraryPrompt:
    """A prompt to choose in the form."""

    key: str  # its value in the form: "saved:7" or "recent:7"
    name: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PromptLibrary:
    """The prompts that a person can choose in a project."""

    saved: list[LibraryPrompt]
    recent: list[LibraryPrompt]

    @classmethod
    def of(cls, person: Any, project: Project) -> PromptLibrary:
        """Read the prompts in two queries, without recent prompts that are saved too."""
        saved = list(SavedPrompt.objects.filter(project=project))
        saved_texts = {each.text for each in saved}
        return cls(
            saved=[
                LibraryPrompt(key=f"saved:{each.pk}", name=each.name, text=each.text)
                for each in saved
            ],
            recent=[
                LibraryPrompt(key=f"recent:{pk}", name=text, text=text)
                for pk, text in Task.objects.recent_prompts(person, project)
                if text not in saved_texts
            ],
        )


def text_of(key: str, person: Any, project: Project) -> str | None:
    """The text of a library prompt; None if this person cannot choose it in this project."""
    kind, _colon, number = key.partition(":")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    if kind == "saved":
        saved = SavedPrompt.objects.filter(project=project, pk=number)
        return saved.values_list("text", flat=True).first()
    recent = Task.objects.recent_prompts(person, project) if kind == "recent" else []
    return next((text for pk, text in recent if str(pk) == number), None)
