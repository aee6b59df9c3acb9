"""Fields of a create, read from JSON or from a form with files, into one body."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from typing import Any

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError

from tasks.providers.dialects.ark_errors import invalid
from tasks.web.api.bodies import FILE, MOST_FILES, Body, InlineFile, read_body


def read_fields(request: HttpRequest, keep: ExitStack) -> Body:
    """Read a create's body; its files are closed with `keep`. Raises RefusalError."""
    if request.content_type != "multipart/form-data":
        return read_body(request, keep)  # type: ignore[arg-type]  # it has `read`
    try:
        texts, files = request.POST, request.FILES
    except (BadRequest, MultiPartParserError, SuspiciousOperation):
        raise invalid("body", "the form cannot be read") from None
    body = Body({})
    for name, values in texts.lists():
        if any("\0" in value for value in (name, *values)):
            raise invalid("body", "the form cannot be read")
        _put(body.data, name, values)
    for name, given in files.lists():
        _put(body.data, name, [_kept(body, each, keep) for each in given])
    return body


def _put(fields: dict[str, Any], name: str, values: list[str]) -> None:
    """Put the values of a form's field where they belong: `a`, `a[]` or `a[b]`."""
    outer, bracket, rest = name.partition("[")
    inner = rest.removesuffix("]")
    if bracket and inner:
        within = fields.setdefault(outer, {})
        if not isinstance(within, dict):
            raise invalid(outer, "one value is expected")
        within[inner] = values[-1]
    elif bracket or len(values) > 1:
        fields[outer] = values
    else:
        fields[outer] = values[0]


def _kept(body: Body, given: UploadedFile[Any], keep: ExitStack) -> str:
    """Add a file to a body, and return what stands in its place."""
    keep.callback(given.close)
    if len(body.files) >= MOST_FILES:
        raise invalid("body", f"at most {MOST_FILES} files are supported")
    assert given.file is not None  # it has just arrived
    sha256 = hashlib.sha256()
    for chunk in given.chunks():
        sha256.update(chunk)
    given.seek(0)
    kind = (given.content_type or "").lower()
    file = InlineFile(kind=kind, file=given.file, size=given.size or 0, sha256=sha256.hexdigest())
    body.files.append(file)
    return f"{FILE}{len(body.files) - 1}"
