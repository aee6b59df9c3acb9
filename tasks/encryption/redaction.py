"""Redaction of secrets in logs and error pages, whatever a message or an address contains."""

from __future__ import annotations

import logging
import re
from collections.abc import ItemsView
from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

from tasks.encryption import censor

#: Addresses that let in whoever knows them; in `next=` they are encoded. The shortest token has 39
#: letters, so a folder of such a name keeps what is in it.
_LINKS = re.compile(
    r"((?:%2F|(?<![\w.-]))(?:(?:enter|join|shared|callback)(?:/|%2F)|account/reset/[0-9A-Za-z]+-))"
    r"[^/\s\"'?&#<>]{20,}",
    re.IGNORECASE,
)
#: What ends a line, moves a terminal's cursor or turns the direction of writing, and lone
#: surrogates, which no stream takes.
_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def redact(text: str) -> str:
    """Replace what opens something: secrets of this process, tokens in addresses."""
    return _LINKS.sub(r"\1(token)", censor(text))


def escape_controls(text: str) -> str:
    """The text as one line, in which no letter is hidden."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class Formatter(logging.Formatter):
    """A formatter of one redacted line for each entry; only tracebacks follow, and are indented.

    A visitor chooses paths, names and much of what exceptions say. So whatever they write, only an
    entry of ours begins at the beginning of a line.
    """

    def format(self, record: logging.LogRecord) -> str:
        record.message = record.getMessage()
        if self.usesTime():
            record.asctime = self.formatTime(record, self.datefmt)
        details = [self.formatException(record.exc_info)] if record.exc_info else []
        details += [self.formatStack(record.stack_info)] if record.stack_info else []
        lines = [f"  {line}" for text in details for line in text.split("\n")]
        return redact("\n".join(map(escape_controls, [self.formatMessage(record), *lines])))


class Filter(SafeExceptionReporterFilter):
    """A filter that hides as much with DEBUG as without it.

    A form's local variables contain a key before it is sealed, under ordinary names like "value".
    So no local variables are shown, and only the names of posted fields.
    """

    hidden_settings = re.compile(
        SafeExceptionReporterFilter.hidden_settings.pattern + "|CACHES|DATABASES|_URL$|LOCATION",
        re.IGNORECASE,
    )

    def is_active(self, request: HttpRequest | None) -> bool:
        return True

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        posted = request.POST if request is not None else {}
        return dict.fromkeys(posted, self.cleansed_substitute)

    def get_traceback_frame_variables(
        self, request: HttpRequest | None, tb_frame: Any
    ) -> ItemsView[str, Any]:
        return {}.items()


class Reporter(ExceptionReporter):
    """A reporter that censors whole error pages."""

    def get_traceback_html(self) -> SafeString:
        return SafeString(redact(super().get_traceback_html()))

    def get_traceback_text(self) -> SafeString:
        return SafeString(redact(super().get_traceback_text()))
