"""What is typed as a prompt: several of them, their variables, how long they are. Pure.

`{{name}}` stands for a value that is given apart; nothing else between braces means anything, so
a prompt can run nothing. Where several prompts are typed, a line of dashes divides them. What is
counted, and how, static/prompt.js does alike while somebody types.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from tasks.providers.catalog import Advice

MOST_VARIABLES = 10
VARIABLE = re.compile(r"\{\{[ \t]*([\w-]{1,40})[ \t]*\}\}")
DIVIDER = "---"
_DIVIDERS = re.compile(r"^[ \t]*-{3,}[ \t\r]*$", re.MULTILINE)

Values = Mapping[str, Sequence[str]]


def divided(text: str) -> list[str]:
    """The prompts between the lines of dashes, each once; of an empty text one empty prompt."""
    prompts = (prompt.strip() for prompt in _DIVIDERS.split(text))
    return list(dict.fromkeys(filter(None, prompts))) or [""]


def joined(*prompts: str) -> str:
    return f"\n{DIVIDER}\n".join(filter(None, (prompt.strip() for prompt in prompts)))


def names(text: str) -> list[str]:
    """The variables, in the order in which they are first met."""
    return list(dict.fromkeys(VARIABLE.findall(text)))


def has_stray_braces(text: str) -> bool:
    """Whether something looks like a variable and is none, so that it would be sent as it is."""
    rest = VARIABLE.sub("", text)
    return "{{" in rest or "}}" in rest


def count(prompts: Sequence[str], values: Values) -> int:
    """How many prompts `filled` gives at most, without making them."""
    return sum(prod(len(values.get(name) or " ") for name in names(text)) for text in prompts)


def filled(prompts: Sequence[str], values: Values) -> list[str]:
    """Every prompt with every value of its own variables, the last one's changing fastest.

    A variable without a value is left as it stands.
    """
    return list(dict.fromkeys(each for text in prompts for each in _filled(text, values)))


def _filled(text: str, values: Values) -> Iterator[str]:
    given = [name for name in names(text) if values.get(name)]
    for chosen in product(*(values[name] for name in given)):
        yield fill(text, dict(zip(given, chosen, strict=True)))


def fill(text: str, values: Mapping[str, str]) -> str:
    """In one pass: what a value holds is never looked into."""
    return VARIABLE.sub(lambda found: values.get(found[1], found[0]), text)


# How long

#: Scripts without spaces, of which each character is counted; all else in words.
_CHARACTER = re.compile(
    r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]"
)
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Length:
    characters: int
    words: int

    def share(self, advice: Advice) -> float:
        """Of what is advised; a prompt in two languages has a share of both."""
        return self.characters / advice.characters + self.words / advice.words

    def is_long(self, advice: Advice) -> bool:
        return self.share(advice) > 1


def length(text: str) -> Length:
    rest, characters = _CHARACTER.subn(" ", text)
    return Length(characters=characters, words=len(_WORD.findall(rest)))


def longest(prompts: Sequence[str], values: Values, advice: Advice) -> Length:
    """Of the prompts as they will be sent: each variable with its longest value."""

    def share(text: str) -> float:
        return length(text).share(advice)

    fullest = {name: max(given, key=share) for name, given in values.items() if given}
    sent = (fill(text, fullest) for text in prompts)
    return length(max(sent, key=share, default=""))
