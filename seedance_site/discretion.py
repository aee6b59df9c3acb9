"""Logs and error pages without secrets, whatever an exception carries in its words."""

from __future__ import annotations

import logging
import re
from collections.abc import ItemsView
from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

from tasks.sealing import censor


class Formatter(logging.Formatter):
    """Censors whole entries, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        return censor(super().format(record))


class Filter(SafeExceptionReporterFilter):
    """Hides as much with DEBUG as without it.

    A form's local variables hold a key before it is sealed, under innocent names like "value";
    so none are shown, and of what was posted only the names.
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
    def get_traceback_html(self) -> SafeString:
        return SafeString(censor(super().get_traceback_html()))

    def get_traceback_text(self) -> SafeString:
        return SafeString(censor(super().get_traceback_text()))
