"""What forms that stand on many pages send along: rows, and the way back."""

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def ids(request: HttpRequest, *names: str) -> set[int]:
    """The rows named by the first of these fields that names any."""
    named = next(filter(None, map(request.POST.getlist, names)), [])
    return {int(pk) for pk in named if pk.isascii() and pk.isdigit() and len(pk) < 19}


def way_back(request: HttpRequest, usual: str) -> str:
    """Where the person was, as the form says it, if that is ours; else a page by its name."""
    url = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(url, {request.get_host()}, request.is_secure())
    return url if is_ours else usual
