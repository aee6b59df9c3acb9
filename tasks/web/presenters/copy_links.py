"""The links of a copy in words: where its file may be had, and why a try of each failed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tasks.models import Copy, CopyTrouble
from tasks.models.copy_links import CopyLink, LinkTry
from tasks.providers import Trouble
from tasks.providers.dialects.links import is_signed
from tasks.web.messages.provider_errors import trouble_detail, trouble_sentence
from tasks.web.presenters.media_sources import origin

#: Why a try of one link failed, in few words.
REASONS: dict[str, Any] = {
    CopyTrouble.NOT_READY: gettext_lazy("not ready yet"),
    CopyTrouble.LINK_DEAD: gettext_lazy("no longer works"),
    CopyTrouble.CUT_OFF: gettext_lazy("interrupted"),
    CopyTrouble.NOT_A_VIDEO: gettext_lazy("incomplete video"),
    CopyTrouble.NO_KEY: gettext_lazy("needs the key, which can't be sent there"),
    Trouble.PRIVATE_ADDRESS: gettext_lazy("in a private network"),
    Trouble.ODD_ADDRESS: gettext_lazy("address not allowed"),
    Trouble.BAD_ADDRESS: gettext_lazy("address not allowed"),
    Trouble.BAD_REDIRECT: gettext_lazy("bad redirect"),
    Trouble.CONNECTION: gettext_lazy("host unreachable"),
    Trouble.TIMEOUT: gettext_lazy("too slow"),
    Trouble.TLS: gettext_lazy("certificate rejected"),
    Trouble.SERVER: gettext_lazy("host error"),
    Trouble.RATE_LIMITED: gettext_lazy("host is limiting requests"),
    Trouble.UNAUTHORIZED: gettext_lazy("key rejected"),
    Trouble.FORBIDDEN: gettext_lazy("key rejected"),
    Trouble.TOO_LARGE: gettext_lazy("larger than allowed here"),
    Trouble.MALFORMED: gettext_lazy("not what was expected"),
    Trouble.EMPTY: gettext_lazy("empty file"),
}


@dataclass(frozen=True)
class TryLine:
    """Failed tries of one link for the same reason; `at` is the time of the last."""

    at: datetime
    trouble: str
    reason: str
    said: str  # the host's own answer; "" where it gave none
    times: int


@dataclass(frozen=True)
class LinkLine:
    """One link; `mark` is "saved" or "next" where it is the one, and "" for the others."""

    kind: str
    host: str
    mark: str
    tries: list[TryLine]  # the latest first


def link_lines(copy: Copy) -> list[LinkLine]:
    """The links of a copy in their order; none where there is one, and it was never tried."""
    links = copy.every_link
    if len(links) < 2 and not any(link.tries for link in links):
        return []
    return [_line(link, copy) for link in links]


def _line(link: CopyLink, copy: Copy) -> LinkLine:
    is_the_one = link.url == copy.url and not link.is_former
    mark = ("saved" if copy.is_saved else "next" if copy.due_at else "") if is_the_one else ""
    host = origin(link.url).partition("://")[2]
    return LinkLine(_kind(link), host, mark, [_try(each) for each in reversed(link.tries)])


def _kind(link: CopyLink) -> str:
    if link.is_former:
        return _("Former link")
    if link.needs_key:
        return _("The gateway's own stream")
    return _("Signed link") if is_signed(link.url) else _("Open link")


def _try(tried: LinkTry) -> TryLine:
    reason = REASONS.get(tried.trouble) or trouble_sentence(tried.trouble)
    said = trouble_detail(tried.trouble, tried.said)
    return TryLine(tried.at, tried.trouble, str(reason), said, tried.times)
