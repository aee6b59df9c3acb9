"""The text of the prompt box: several prompts, their variables, their length. Pure.

`{{name}}` is a variable whose value is given in a field of its own. Nothing else in braces has a
meaning, so a prompt cannot execute anything. A line of dashes separates prompts. static/prompt.js
counts and fills in by the same rules during typing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from tasks.providers.catalog.models import PromptAdvice

MOST_VARIABLES = 10
VARIABLE = re.compile(r"\{\{[ \t]*([\w-]{1,40})[ \t]*\}\}")
DIVIDER = "---"
_DIVIDERS = re.compile(r"^[ \t]*-{3,}[ \t\r]*$", re.MULTILINE)

Values = Mapping[str, Sequence[str]]


def divided(text: str) -> list[str]:
    """The prompts between the lines of dashes, each once; [""] for an empty text."""
    prompts = (prompt.strip() for prompt in _DIVIDERS.split(text))
    return list(dict.fromkeys(filter(None, prompts))) or [""]


def joined(*prompts: str) -> str:
    return f"\n{DIVIDER}\n".join(filter(None, (prompt.strip() for prompt in prompts)))


def names(text: str) -> list[str]:
    """The names of the variables, in the order in which they first appear."""
    return list(dict.fromkeys(VARIABLE.findall(text)))


def has_stray_braces(text: str) -> bool:
    """Whether the text has braces that form no variable, so that they would be sent as they are."""
    rest = VARIABLE.sub("", text)
    return "{{" in rest or "}}" in rest


def count(prompts: Sequence[str], values: Values) -> int:
    """The largest number of prompts that `filled` can return, without building them."""
    return sum(prod(len(values.get(name) or " ") for name in names(text)) for text in prompts)


def filled(prompts: Sequence[str], values: Values) -> list[str]:
    """Every prompt with every value of its own variables; the last variable changes fastest.

    A variable without a value is left as it is.
    """
    texts: dict[str, None] = {}
    for text in prompts:
        given = [name for name in names(text) if values.get(name)]
        for chosen in product(*(values[name] for name in given)):
            texts[fill(text, dict(zip(given, chosen, strict=True)))] = None
    return list(texts)


def fill(text: str, values: Mapping[str, str]) -> str:
    """Fill in the variables in one pass, so that values are never searched for variables."""
    return VARIABLE.sub(lambda match: values.get(match[1], match[0]), text)


# Length

#: Scripts without spaces, of which characters are counted; all others are counted in words.
_CHARACTER = re.compile(
    r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]"
)
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Length:
    """The length of a text: characters of scripts without spaces, and words of all others."""

    characters: int
    words: int

    def share(self, advice: PromptAdvice) -> float:
        """The length as a share of the advised one; the shares of two languages add up."""
        return self.characters / advice.characters + self.words / advice.words

    def is_long(self, advice: PromptAdvice) -> bool:
        return self.share(advice) > 1


def length(text: str) -> Length:
    rest, characters = _CHARACTER.subn(" ", text)
    return Length(characters=characters, words=len(_WORD.findall(rest)))


def longest(prompts: Sequence[str], values: Values, advice: PromptAdvice) -> Length:
    """The length of the longest prompt to send, with the longest value of each variable."""

    def share(text: str) -> float:
        return length(text).share(advice)

    fullest = {name: max(given, key=share) for name, given in values.items() if given}
    sent = (fill(text, fullest) for text in prompts)
    return length(max(sent, key=share, default=""))
