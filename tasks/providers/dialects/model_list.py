"""The list of an account's models: `GET /models` of Ark, `GET /v1/models` of gateways. Pure.

Ark's list names the models of every kind, also those that the account has not activated, each with
a status and the kinds of task that it does. Gateways answer as OpenAI does, with little but ids.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tasks.providers.answers import Answer
from tasks.providers.catalog.models import Input, Model, is_catalogued, unchecked_model
from tasks.providers.dialects.errors import body_of, refuse
from tasks.providers.dialects.reading import LONG, text

LONGEST_NAME = 200
MOST_MODELS = 500  # gateways list some hundred models of all kinds
#: Words of a status after which a model takes no more tasks.
ENDED = frozenset({"shutdown", "retired", "offline", "deprecated", "disabled"})

#: Ark's words for what a model does, by the input that it needs for it.
_KINDS = {
    Input.TEXT: "TextToVideo",
    Input.FIRST_FRAME: "ImageToVideo",
    Input.REFERENCE_IMAGE: "ReferenceToVideo",
    Input.EDIT: "VideoEditing",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedModel:
    """A video model in a provider's list, under the name by which it is requested."""

    name: str
    status: str = ""  # the provider's own word
    task_types: tuple[str, ...] = ()  # the provider's own words, such as TextToVideo

    @property
    def has_ended(self) -> bool:
        return self.status.lower() in ENDED


def read_models(answer: Answer) -> tuple[ListedModel, ...]:
    """Read the Seedance models of a list; raise ProviderError where the answer is no list."""
    body = body_of(answer)
    items = next((body[name] for name in ("data", "items", "models") if name in body), None)
    if not isinstance(items, list):
        refuse(answer, body)
    found = {each.name: each for each in _read(items)}
    return tuple(found.values())[:MOST_MODELS]


def _read(items: list[Any]) -> Iterator[ListedModel]:
    for item in items:
        fields = item if isinstance(item, dict) else {"id": item}
        name = text(fields.get("id"), LONG) or text(fields.get("name"), LONG)
        words = fields.get("task_types") or fields.get("task_type") or ()
        kinds = tuple(filter(None, map(text, words if isinstance(words, list) else [words])))
        is_seedance = is_catalogued(name) or unchecked_model(name) is not None
        is_fit = len(name) <= LONGEST_NAME and not any(letter.isspace() for letter in name)
        makes_videos = not kinds or any("video" in kind.lower() for kind in kinds)
        if is_seedance and is_fit and makes_videos:
            yield ListedModel(name=name, status=text(fields.get("status"))[:40], task_types=kinds)


def kinds_of(model: Model) -> list[str]:
    """List the kinds of task that a model does, in Ark's words."""
    return [kind for needed, kind in _KINDS.items() if needed in model.inputs]


def entry(name: str, kinds: list[str], *, has_ended: bool = False) -> dict[str, Any]:
    """Write one model as Ark lists it."""
    status = "Shutdown" if has_ended else "Active"
    return {"id": name, "object": "model", "status": status, "task_type": kinds}
