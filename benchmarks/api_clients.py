"""Programs that create through the API, each with a token of its own, until they have their ids."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from tasks.clients.ids import NEWAPI, OPENAI, in_form
from tasks.models import ApiToken

LONGEST_ANSWER = 10.0  # seconds; the simulator's slowest does not reach a client
PAUSE = 0.25  # seconds before a request is repeated
REPEATED = 10  # each so manieth create is sent once more after its answer, as if that was lost
#: How creates end at the provider, told by a word in the prompt.
ENDINGS = ("",) * 16 + ("sim:fail", "sim:fail", "sim:expire", "sim:cancel")


def _ark(model: str, prompt: str, key: str) -> dict[str, Any]:
    content = [{"type": "text", "text": prompt}]
    return {"model": model, "content": content, "safety_identifier": key}


def _openai(model: str, prompt: str, key: str) -> dict[str, Any]:
    return {"model": model, "prompt": prompt, "safety_identifier": key}


def _newapi(model: str, prompt: str, key: str) -> dict[str, Any]:
    return {"model": model, "prompt": prompt, "metadata": {"safety_identifier": key}}


@dataclass(frozen=True)
class Shape:
    """One of the API's ways in: its address, its body, its ids."""

    path: str
    body: Callable[[str, str, str], dict[str, Any]]  # of model, prompt and key
    prefix: str  # of its ids; "" for Ark's

    def id_of(self, plain: str) -> str:
        """The id in this shape."""
        return in_form(self.prefix, plain) if self.prefix else plain


SHAPES = (
    Shape("/api/v3/contents/generations/tasks", _ark, ""),
    Shape("/v1/videos", _openai, OPENAI),
    Shape("/v1/video/generations", _newapi, NEWAPI),
)


@dataclass(frozen=True)
class Create:
    """One create that a program wants: the key also tells the provider's record of it."""

    number: int

    @property
    def key(self) -> str:
        return f"soak-{self.number:06}"

    @property
    def shape(self) -> Shape:
        return SHAPES[self.number % len(SHAPES)]

    def body(self, model: str) -> dict[str, Any]:
        """The JSON body, equal at each try."""
        ending = ENDINGS[self.number * 7 % len(ENDINGS)]
        return self.shape.body(
            model, f"A paper boat, take {self.number} {ending}".strip(), self.key
        )


@dataclass
class Program:
    """A program that creates one after the other, and repeats each until it has an id."""

    url: str
    token: ApiToken
    text: str  # of the token
    account: str
    model: str
    ids: dict[str, set[str]] = field(default_factory=dict)  # all that each key was answered with
    answers: Counter[str] = field(default_factory=Counter)
    refusals: list[str] = field(default_factory=list)

    def create_all(self, creates: Sequence[Create], pause: float = 0.0) -> None:
        """Create these, with so many seconds after each."""
        with httpx.Client(
            base_url=self.url,
            headers={"Authorization": f"Bearer {self.text}", "X-Dailies-Credential": self.account},
            timeout=LONGEST_ANSWER,
            trust_env=False,
        ) as http:
            for create in creates:
                self._create(http, create)
                if create.number % REPEATED == 0:
                    self._create(http, create)
                time.sleep(pause)

    def _create(self, http: httpx.Client, create: Create) -> None:
        """Ask until there is an id; a refusal that asking again cannot help is noted."""
        while True:
            answer = self._ask(http, create)
            if answer is not None and answer.is_success:
                self.ids.setdefault(create.key, set()).add(answer.json()["id"])
                return
            if answer is not None and answer.status_code != 429 and answer.status_code < 500:
                self.refusals.append(f"{create.key}: {answer.status_code} {answer.text[:200]}")
                return
            time.sleep(PAUSE)

    def _ask(self, http: httpx.Client, create: Create) -> httpx.Response | None:
        """The answer to one try; None where none came."""
        headers = {"Idempotency-Key": create.key}
        try:
            answer = http.post(create.shape.path, json=create.body(self.model), headers=headers)
        except httpx.TransportError as error:
            self.answers[type(error).__name__] += 1
            return None
        self.answers[str(answer.status_code)] += 1
        return answer
