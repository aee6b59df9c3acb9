"""The links of a copy: where its file may be had, in order, and what came of trying each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

MOST_TRIES = 5  # kept for each link; the same trouble again is counted
MOST_FORMER = 5  # links kept that were tried and then replaced


@dataclass(frozen=True, kw_only=True)
class LinkTry:
    """Failed tries of one link that had the same trouble; `at` is the time of the last."""

    at: datetime
    trouble: str
    said: str = ""
    times: int = 1


@dataclass(frozen=True, kw_only=True)
class CopyLink:
    """A link from which a file may be fetched, and the tries of it that failed."""

    url: str
    needs_key: bool = False
    ends_at: datetime | None = None
    tries: tuple[LinkTry, ...] = ()  # the last of them last

    # Judged after the last try.
    is_over: bool = False  # for good, as the host says, or because its end has passed
    is_hopeless: bool = False  # none that we could ask, whatever its host says
    is_asked: bool = False  # the provider was asked for another

    is_former: bool = False  # replaced by the links of a later answer; its query is gone

    @property
    def trouble(self) -> str:
        """The trouble of the last try; "" if there was none."""
        return self.tries[-1].trouble if self.tries else ""

    @property
    def failed(self) -> int:
        return sum(each.times for each in self.tries)

    def after_try(self, at: datetime, trouble: str, said: str) -> Self:
        """Return the link with one more failed try."""
        same = next((each for each in self.tries if each.trouble == trouble), None)
        others = tuple(each for each in self.tries if each is not same)
        times = same.times + 1 if same else 1
        latest = LinkTry(at=at, trouble=trouble, said=said, times=times)
        return replace(self, tries=(*others, latest)[-MOST_TRIES:])

    def as_former(self) -> Self:
        """Return the link as it is remembered: it can no longer be asked for."""
        return replace(self, url=self.url.partition("?")[0], is_former=True)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        tries = tuple(LinkTry(**{**each, "at": _time(each["at"])}) for each in value["tries"])
        return cls(**{**value, "ends_at": _time(value["ends_at"]), "tries": tries})

    def to_json(self) -> dict[str, Any]:
        tries = [{**vars(each), "at": each.at.isoformat()} for each in self.tries]
        ends_at = self.ends_at.isoformat() if self.ends_at else None
        return {**vars(self), "ends_at": ends_at, "tries": tries}


def _time(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


def current(links: Iterable[CopyLink]) -> list[CopyLink]:
    """Return the links that can be tried, in their order."""
    return [link for link in links if not link.is_former]


def renewed(known: Sequence[CopyLink], latest: Sequence[CopyLink]) -> list[CopyLink]:
    """Return the links of the latest answer with the tries that they have had, then former ones."""
    by_url = {link.url: link for link in current(known)}
    links = [replace(by_url.pop(link.url, link), ends_at=link.ends_at) for link in latest]
    left = [link.as_former() for link in by_url.values() if link.tries]
    former = [*(link for link in known if link.is_former), *left]
    return [*links, *former[-MOST_FORMER:]]
