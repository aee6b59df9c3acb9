"""Redirects from the addresses of earlier releases."""

from django.http import HttpRequest, HttpResponsePermanentRedirect


def moved(request: HttpRequest, to: str, **parts: str) -> HttpResponsePermanentRedirect:
    """Redirect an old address to its new one, keeping method, body and query (308).

    `to` is a path of this site with the named parts of the old address in braces.
    """
    query = request.META["QUERY_STRING"]
    url = to.format(**parts) + (f"?{query}" if query else "")
    return HttpResponsePermanentRedirect(url, preserve_request=True)
