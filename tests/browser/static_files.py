"""Static files as an installation sends them: one style sheet, one script, kept by the browser."""

from __future__ import annotations

import mimetypes
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.contrib.staticfiles.views import serve
from django.http import HttpRequest
from django.http.response import HttpResponse, HttpResponseBase

from tasks.web.joined_files import IMPORTS, joined


def serve_joined(handler: StaticFilesHandler, request: HttpRequest) -> HttpResponseBase:
    """Answer the live server's request for a static file; the browser may keep it meanwhile."""
    name = handler.file_path(request.path)
    response = _whole(name) if name in IMPORTS else serve(request, name, insecure=True)
    response.headers["Cache-Control"] = "max-age=600"
    return response


def _whole(name: str) -> HttpResponse:
    kind = mimetypes.guess_type(name)[0]
    return HttpResponse(_joined(name), content_type=f"{kind}; charset=utf-8")


@cache
def _joined(name: str) -> str:
    return joined(name, _text)


def _text(name: str) -> str:
    found = finders.find(name)
    assert isinstance(found, str), name
    return Path(found).read_text()
