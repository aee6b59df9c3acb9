"""Fields that forms on several pages post: the chosen rows, and the page to return to."""

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from tasks.providers.numbers import whole_number


def ids(request: HttpRequest, *names: str) -> set[int]:
    """The ids of rows posted in the first of these fields that holds any."""
    named = next(filter(None, map(request.POST.getlist, names)), [])
    return {pk for pk in map(whole_number, named) if pk is not None}


def return_address(request: HttpRequest, default: str) -> str:
    """The page that the form was posted from, if it is on this site; else `default`."""
    url = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(url, {request.get_host()}, request.is_secure())
    return url if is_ours else default
